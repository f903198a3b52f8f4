#include "aws/credentials/environment_source.h"

namespace sma {

Task<Result<Credentials>> EnvironmentSource::load(TimePoint /*deadline*/) {
  const auto id = environment_.get("AWS_ACCESS_KEY_ID");
  const auto key = environment_.get("AWS_SECRET_ACCESS_KEY");
  if (!id && !key) co_return Fault::absent("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
  if (!id) co_return Fault::internal("AWS_SECRET_ACCESS_KEY is set, but not AWS_ACCESS_KEY_ID");
  if (!key) co_return Fault::internal("AWS_ACCESS_KEY_ID is set, but not AWS_SECRET_ACCESS_KEY");
  Credentials found;
  found.access_key_id = *id;
  found.secret_access_key = environment_.share("AWS_SECRET_ACCESS_KEY");
  found.session_token = environment_.share("AWS_SESSION_TOKEN");
  found.source = name();
  co_return found;
}

}  // namespace sma
