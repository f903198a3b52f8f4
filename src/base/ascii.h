#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace sma {

/// Letters, digits, white space and control characters of US-ASCII. No locale takes part; bytes of 0x80 and above
/// belong to no class. Source: RFC 20.

[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
[[nodiscard]] constexpr bool is_letter_or_digit(char c) { return is_letter(c) || is_digit(c); }
/// Space, tab, line feed, vertical tab, form feed and carriage return.
[[nodiscard]] constexpr bool is_white_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
/// U+0000 to U+001F and U+007F.
[[nodiscard]] constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

[[nodiscard]] constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
[[nodiscard]] constexpr char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; }

[[nodiscard]] inline std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = to_lower(c);
  return lower;
}

/// Compares without case.
[[nodiscard]] constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return to_lower(x) == to_lower(y); });
}

/// `text` without the white space around it; or without the bytes around it that `belongs` names.
template <typename Predicate>
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text, Predicate belongs) {
  while (!text.empty() && belongs(text.front())) text.remove_prefix(1);
  while (!text.empty() && belongs(text.back())) text.remove_suffix(1);
  return text;
}
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) { return trimmed(text, is_white_space); }

}  // namespace sma
