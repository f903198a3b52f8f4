#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>

namespace sma {

/// The number that the whole of `text` is; none if it holds anything else (white space, a `+`, a unit), if it is
/// empty, or if `Integer` cannot hold it. A `-` is read if `Integer` has negative values. `base`: of the digits.
template <std::integral Integer>
[[nodiscard]] std::optional<Integer> whole_number(std::string_view text, int base = 10) {
  Integer number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace sma
