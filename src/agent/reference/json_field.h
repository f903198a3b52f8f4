#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/reference/printable_text.h"
#include "base/result.h"
#include "base/wiped_bytes.h"

namespace sma {

/// One field of `secret`, which is to be a JSON object. `path` is a key of the object, dots included; if there is no
/// such key, the dots divide it into the keys of objects within objects, and digits count the elements of an array
/// from 0. Of equal keys the last one counts.
///
/// A string is returned as its text, a number as its digits are written, a boolean as its word, an object or array as
/// compact JSON.
///
/// Faults: the secret is no JSON object; there is no such field; the field is null; a part between the dots is empty.
/// The message names the path, and the place in it, but no value. The limits are those of JsonDocument.
[[nodiscard]] Result<PrintableText> json_field(WipedBytes secret, std::string_view path);

struct JsonField {
  std::string key;
  std::optional<PrintableText> text;  ///< none: the field is null
};

/// The fields of the object at `path`, or of the whole secret if `path` is empty; each key once. Faults as above.
[[nodiscard]] Result<std::vector<JsonField>> json_fields(WipedBytes secret, std::string_view path);

}  // namespace sma
