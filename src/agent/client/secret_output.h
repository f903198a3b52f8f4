#pragma once

#include <string_view>

#include "base/result.h"
#include "base/wiped_bytes.h"

namespace sma {

/// The secret's bytes in the agent's answer: `SecretString` as it is, `SecretBinary` decoded. A fault where the answer
/// holds neither.
[[nodiscard]] Result<WipedBytes> secret_bytes(std::string_view answer);

/// One field of a secret that is a JSON object: a string's bytes, anything else as compact JSON. A fault where it is no
/// such object or has no such field; it names the field, never a value.
[[nodiscard]] Result<WipedBytes> secret_field(std::string_view secret, std::string_view field);

}  // namespace sma
