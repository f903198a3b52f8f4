#include "aws/credentials/web_identity_source.h"

#include "aws/credentials/sts_refusal.h"
#include "base/ascii.h"

namespace sma {

Task<Result<Credentials>> WebIdentitySource::load(TimePoint deadline) {
  const auto file = environment_.get("AWS_WEB_IDENTITY_TOKEN_FILE");
  const auto role = environment_.get("AWS_ROLE_ARN");
  if (!file) co_return Fault::absent("AWS_WEB_IDENTITY_TOKEN_FILE is not set");
  if (!role) co_return Fault::internal("AWS_WEB_IDENTITY_TOKEN_FILE is set, but not AWS_ROLE_ARN");
  AssumeRoleRequest request;
  request.role_arn = *role;
  const auto session = environment_.get("AWS_ROLE_SESSION_NAME");
  request.session_name = session ? std::string(*session) : default_session_name(clock_);
  auto exchanging = exchange_web_identity(&files_, &sts_, std::string(*file), std::move(request), deadline);
  auto credentials = co_await std::move(exchanging);
  if (credentials.ok()) credentials->source = name();
  co_return credentials;
}

Task<Result<Credentials>> exchange_web_identity(const Files* files, Sts* sts, std::string token_file,
                                                AssumeRoleRequest request, TimePoint deadline) {
  auto reading = files->ask_trusted(token_file);
  auto text = co_await std::move(reading);
  if (!text.ok()) co_return std::move(text.fault());
  WipedBytes token(trimmed(text->view()));
  if (token.empty()) co_return Fault::internal("the token file " + token_file + " is empty");
  const std::string role = request.role_arn;
  auto exchanging = sts->assume_role_with_web_identity(std::move(request), std::move(token), deadline);
  auto credentials = co_await std::move(exchanging);
  if (!credentials.ok())
    co_return while_loading("AssumeRoleWithWebIdentity of " + role, std::move(credentials.fault()));
  co_return credentials;
}

std::string default_session_name(const AwsClock& clock) {
  const auto seconds = std::chrono::duration_cast<Seconds>(clock.now().time_since_epoch()).count();
  return "secrets-manager-agent-" + std::to_string(seconds);
}

}  // namespace sma
