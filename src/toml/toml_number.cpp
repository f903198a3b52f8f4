#include "toml/toml_number.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

namespace sma {
namespace {

bool is_digit(char c, int base) {
  if (c >= '0' && c <= '9') return c - '0' < base;
  return base == 16 && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'));
}

/// Digits with single underscores between them, moved from `text` to `digits`; false where there is none.
bool take_digits(std::string_view& text, int base, std::string& digits) {
  if (text.empty() || !is_digit(text.front(), base)) return false;
  while (!text.empty()) {
    if (text.front() == '_' && text.size() > 1 && is_digit(text[1], base)) text.remove_prefix(1);
    if (!is_digit(text.front(), base)) break;
    digits += text.front();
    text.remove_prefix(1);
  }
  return true;
}

bool to_integer(const std::string& digits, int base, TomlValue& value) {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value.integer, base);
  value.kind = TomlValue::Kind::integer;
  return error == std::errc() && end == digits.data() + digits.size();
}

bool to_real(double real, TomlValue& value) {
  value.kind = TomlValue::Kind::real;
  value.real = real;
  return true;
}

int base_of(std::string_view text) {
  if (text.starts_with("0x")) return 16;
  if (text.starts_with("0o")) return 8;
  return text.starts_with("0b") ? 2 : 10;
}

}  // namespace

bool read_toml_number(std::string_view text, TomlValue& value) {
  std::string digits;
  if (const int base = base_of(text); base != 10) {
    text.remove_prefix(2);
    return take_digits(text, base, digits) && text.empty() && to_integer(digits, base, value);
  }
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "inf") return to_real(negative ? -HUGE_VAL : HUGE_VAL, value);
  if (text == "nan") return to_real(std::numeric_limits<double>::quiet_NaN(), value);

  if (negative) digits += '-';
  const std::size_t first = digits.size();
  if (!take_digits(text, 10, digits)) return false;
  if (digits.size() - first > 1 && digits[first] == '0') return false;
  if (text.empty()) return to_integer(digits, 10, value);
  if (text.front() == '.') {
    digits += '.';
    text.remove_prefix(1);
    if (!take_digits(text, 10, digits)) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    digits += 'e';
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) {
      digits += text.front();
      text.remove_prefix(1);
    }
    if (!take_digits(text, 10, digits)) return false;
  }
  return text.empty() && to_real(std::strtod(digits.c_str(), nullptr), value);
}

}  // namespace sma
