#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sma {

/// A JSON number of seconds in its shortest decimal form, never scientific: `1.523477145713E9` is `1523477145.713`.
/// Exact: digits are moved, nothing is rounded. None for more than 20 digits before or after the point.
[[nodiscard]] std::optional<std::string> decimal_seconds(std::string_view number);

}  // namespace sma
