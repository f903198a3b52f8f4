#include "aws/credentials/environment_source.h"

#include "base/ascii.h"

namespace sma {
namespace {

/// Without the white space around it, as files and pipes leave a line end after a value.
SharedBytes value_of(const Environment& environment, std::string_view name) {
  const SharedBytes value = environment.share(name);
  return value.part(trimmed(value.view()));
}

}  // namespace

Task<Result<Credentials>> EnvironmentSource::load(TimePoint /*deadline*/) {
  const auto id = environment_.get("AWS_ACCESS_KEY_ID");
  SharedBytes key = value_of(environment_, "AWS_SECRET_ACCESS_KEY");
  if (id && key.empty()) key = value_of(environment_, "SECRET_ACCESS_KEY");
  if (!id && key.empty()) co_return Fault::absent("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
  if (!id) co_return Fault::internal("AWS_SECRET_ACCESS_KEY is set, but not AWS_ACCESS_KEY_ID");
  if (key.empty()) co_return Fault::internal("AWS_ACCESS_KEY_ID is set, but not AWS_SECRET_ACCESS_KEY");
  Credentials found;
  found.access_key_id = trimmed(*id);
  found.secret_access_key = std::move(key);
  found.session_token = value_of(environment_, "AWS_SESSION_TOKEN");
  found.source = name();
  co_return found;
}

}  // namespace sma
