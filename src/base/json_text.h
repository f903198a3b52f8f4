#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/wiped_bytes.h"

namespace sma {

/// Writes JSON strings: only `"`, `\` and control characters are escaped (`\b \f \n \r \t`, others `\u00xx`), as Rust's
/// serde_json does; all else stays UTF-8. A lone surrogate in its three-byte form (see JsonDocument) becomes `\udxxx`
/// again. A byte that is no UTF-8 becomes U+FFFD, so that what is written is JSON whatever the text is.
/// Source: RFC 8259 §7 and §8.1.

/// Bytes that `write_json_string` will write, quotes included.
[[nodiscard]] std::size_t json_string_size(std::string_view text);
/// Writes the string with its quotes and returns the end of what was written.
char* write_json_string(char* target, std::string_view text);

void append_json_string(std::string& target, std::string_view text);
void append_json_string(WipedBytes& target, std::string_view text);

}  // namespace sma
