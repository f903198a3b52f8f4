#include "aws/sts_answers.h"

#include "aws/xml_text.h"
#include "base/time_text.h"

namespace sma {
namespace {

Fault unreadable() { return Fault::connection("the answer of STS cannot be read"); }

}  // namespace

Result<CallerIdentity> read_caller_identity(WipedBytes body) {
  const auto account = xml_text(body.view(), "GetCallerIdentityResult", "Account");
  const auto arn = xml_text(body.view(), "GetCallerIdentityResult", "Arn");
  if (!account || !arn) return unreadable();
  return CallerIdentity{.account = std::string(account->view()), .arn = std::string(arn->view())};
}

Result<AssumedRole> read_assumed_role(WipedBytes body) {
  const auto member = [&](std::string_view name) { return xml_text(body.view(), "Credentials", name); };
  const auto id = member("AccessKeyId");
  const auto key = member("SecretAccessKey");
  const auto token = member("SessionToken");
  const auto expiration = member("Expiration");
  if (!id || id->empty() || !key || key->empty() || !token || !expiration) return unreadable();
  Credentials credentials;
  credentials.access_key_id = id->view();
  credentials.secret_access_key = SharedBytes(key->view());
  credentials.session_token = SharedBytes(token->view());
  credentials.expiration = parse_iso8601(expiration->view());
  if (!credentials.expiration) return unreadable();
  const auto user_arn = xml_text(body.view(), "AssumedRoleUser", "Arn");
  return AssumedRole{.credentials = std::move(credentials),
                     .user_arn = std::string(user_arn ? user_arn->view() : std::string_view())};
}

}  // namespace sma
