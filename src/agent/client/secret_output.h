#pragma once

#include <string_view>

#include "base/result.h"
#include "base/wiped_bytes.h"

namespace sma {

/// What `get` prints.
struct SecretOutput {
  WipedBytes bytes;
  /// The text held a lone surrogate (`\ud800`), which UTF-8 cannot express: U+FFFD stands in its place.
  bool surrogate_replaced = false;
};

/// Takes the secret out of the agent's answer: `SecretString` as it is, `SecretBinary` decoded. With `field`, one field
/// of a secret that is a JSON object: a string's bytes, anything else as compact JSON.
///
/// Faults: the answer holds no secret; the secret is not an object with that field. The message names the field and
/// never a value. The limits are those of JsonDocument.
[[nodiscard]] Result<SecretOutput> secret_output(WipedBytes answer, std::string_view field);

}  // namespace sma
