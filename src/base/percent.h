#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/wiped_bytes.h"

namespace sma {

/// Percent encoding. Source: RFC 3986 §2.1 and §2.3; forms: WHATWG URL, "application/x-www-form-urlencoded".

/// Letters, digits and `-._~` are kept, and the bytes of `kept`; every other byte becomes `%XX`, upper case.
[[nodiscard]] std::string percent_encoded(std::string_view text, std::string_view kept = {});
/// The same for texts that are secrets.
void append_percent_encoded(WipedBytes& target, std::string_view text);

/// What `+` means: itself in paths, a space in forms and queries.
enum class Plus { kept, space };

/// Decodes `%XX` (and `+`): returns `text` itself if there is nothing to decode, else the decoded text in `buffer`.
/// None if a `%` is not followed by two hexadecimal digits.
[[nodiscard]] std::optional<std::string_view> percent_decoded(std::string_view text, Plus plus, std::string& buffer);

}  // namespace sma
