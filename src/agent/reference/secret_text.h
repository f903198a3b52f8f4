#pragma once

#include <string_view>
#include <vector>

#include "agent/reference/json_field.h"
#include "agent/reference/printable_text.h"
#include "base/result.h"
#include "base/wiped_bytes.h"

namespace sma {

/// Takes the secret out of the agent's answer: `SecretString` as it is, `SecretBinary` decoded. With `field`, one field
/// of a text that is a JSON object, as json_field.h finds it.
///
/// Faults: the answer holds no secret; the secret is binary and a field is asked for; those of `json_field`.
[[nodiscard]] Result<PrintableText> secret_text(WipedBytes answer, std::string_view field);

/// The fields of such a text, or of the object at `path` in it. Faults as above, and those of `json_fields`.
[[nodiscard]] Result<std::vector<JsonField>> secret_fields(WipedBytes answer, std::string_view path);

}  // namespace sma
