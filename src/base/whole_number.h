#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace sma {

/// The number that the whole of `text` is; none if it holds anything else (white space, a `+`, a unit), if it is
/// empty, or if `Number` cannot hold it. A `-` is read if `Number` has negative values. Works for floating point
/// numbers as well.
template <typename Number>
[[nodiscard]] std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The same for digits of another base, for example 16.
template <typename Integer>
[[nodiscard]] std::optional<Integer> whole_number(std::string_view text, int base) {
  Integer number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace sma
