#include "aws/credentials/json_credentials.h"

#include <string>

#include "base/ascii.h"
#include "base/time_text.h"

namespace sma {

JsonValue value_in_any_case(JsonValue object, std::string_view name) {
  if (!object.is_object()) return {};
  for (const JsonValue member : object)
    if (equals_ignoring_case(member.key(), name)) return member;
  return {};
}

std::optional<std::string_view> member_in_any_case(JsonValue object, std::string_view name) {
  const JsonValue member = value_in_any_case(object, name);
  const auto text = member.string() ? member.string() : member.number();
  return text && !text->empty() ? text : std::nullopt;
}

Result<Credentials> read_credentials(JsonValue object, CredentialsForm form, std::string_view source) {
  using Expiration = CredentialsForm::Expiration;
  const auto missing = [](std::string_view name) { return Fault::internal("the answer has no " + std::string(name)); };
  const auto id = member_in_any_case(object, "AccessKeyId");
  const auto key = member_in_any_case(object, "SecretAccessKey");
  const auto expiration = member_in_any_case(object, "Expiration");
  if (!id) return missing("AccessKeyId");
  if (!key) return missing("SecretAccessKey");
  if (!expiration && form.expiration == Expiration::required) return missing("Expiration");
  Credentials found;
  found.access_key_id = *id;
  found.secret_access_key = SharedBytes(*key);
  found.session_token = SharedBytes(member_in_any_case(object, form.session_token).value_or(""));
  found.source = source;
  if (expiration && form.expiration != Expiration::not_read) {
    found.expiration = parse_iso8601(*expiration);
    if (!found.expiration) return Fault::internal("the answer's Expiration is no time");
  }
  return found;
}

}  // namespace sma
