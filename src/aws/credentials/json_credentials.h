#pragma once

#include <optional>
#include <string_view>

#include "aws/credentials/credentials.h"
#include "base/json_document.h"
#include "base/result.h"

namespace sma {

/// The member of that name, in any case.
[[nodiscard]] JsonValue value_in_any_case(JsonValue object, std::string_view name);

/// A text or number among the members of an object, by its name in any case; none if it is missing or empty.
[[nodiscard]] std::optional<std::string_view> member_in_any_case(JsonValue object, std::string_view name);

/// How an object with credentials is written.
struct CredentialsForm {
  enum class Expiration { required, optional, not_read };
  std::string_view session_token = "Token";
  Expiration expiration = Expiration::required;
};

/// `AccessKeyId`, `SecretAccessKey`, the token and `Expiration` (ISO 8601). The fault names what is missing.
[[nodiscard]] Result<Credentials> read_credentials(JsonValue object, CredentialsForm form, std::string_view source);

}  // namespace sma
