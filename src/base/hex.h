#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sma {

/// Hexadecimal digits. Source: RFC 4648 §8.

/// The value of one digit in either case; none if `c` is no hexadecimal digit.
[[nodiscard]] constexpr std::optional<unsigned> hex_digit_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

inline constexpr std::string_view kLowerHexDigits = "0123456789abcdef";
inline constexpr std::string_view kUpperHexDigits = "0123456789ABCDEF";

/// The two digits of a byte.
[[nodiscard]] constexpr std::array<char, 2> hex_pair(std::uint8_t byte, std::string_view digits = kLowerHexDigits) {
  return {digits[byte >> 4], digits[byte & 15]};
}

/// Appends two lower case digits for each byte.
template <typename Target>
void append_hex(Target& target, std::string_view bytes) {
  for (const char c : bytes) {
    const auto pair = hex_pair(static_cast<std::uint8_t>(c));
    target.append(std::string_view(pair.data(), pair.size()));
  }
}

}  // namespace sma
