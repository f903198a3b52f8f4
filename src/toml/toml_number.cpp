#include "toml/toml_number.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>

#include "base/hex.h"
#include "base/whole_number.h"

namespace sma {
namespace {

bool is_digit_of(char c, int base) {
  const auto digit = hex_digit_value(c);
  return digit && static_cast<int>(*digit) < base;
}

/// Moves digits with single underscores between them from `text` to `digits`; false if there is none.
bool take_digits(std::string_view& text, int base, std::string& digits) {
  if (text.empty() || !is_digit_of(text.front(), base)) return false;
  while (!text.empty()) {
    if (text.front() == '_' && text.size() > 1 && is_digit_of(text[1], base)) text.remove_prefix(1);
    if (!is_digit_of(text.front(), base)) break;
    digits += text.front();
    text.remove_prefix(1);
  }
  return true;
}

std::optional<TomlValue> integer_value(std::string_view digits, int base) {
  const auto number = whole_number<std::int64_t>(digits, base);
  if (!number) return std::nullopt;
  TomlValue value;
  value.kind = TomlValue::Kind::integer;
  value.integer = *number;
  return value;
}

TomlValue real_value(double number) {
  TomlValue value;
  value.kind = TomlValue::Kind::real;
  value.real = number;
  return value;
}

int base_of(std::string_view text) {
  if (text.starts_with("0x")) return 16;
  if (text.starts_with("0o")) return 8;
  return text.starts_with("0b") ? 2 : 10;
}

}  // namespace

std::optional<TomlValue> read_toml_number(std::string_view text) {
  std::string digits;
  if (const int base = base_of(text); base != 10) {
    text.remove_prefix(2);
    if (!take_digits(text, base, digits) || !text.empty()) return std::nullopt;
    return integer_value(digits, base);
  }
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "inf") return real_value(negative ? -HUGE_VAL : HUGE_VAL);
  if (text == "nan") return real_value(std::numeric_limits<double>::quiet_NaN());

  if (negative) digits += '-';
  const std::size_t first = digits.size();
  if (!take_digits(text, 10, digits)) return std::nullopt;
  if (digits.size() - first > 1 && digits[first] == '0') return std::nullopt;
  if (text.empty()) return integer_value(digits, 10);
  if (text.front() == '.') {
    digits += '.';
    text.remove_prefix(1);
    if (!take_digits(text, 10, digits)) return std::nullopt;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    digits += 'e';
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) {
      digits += text.front();
      text.remove_prefix(1);
    }
    if (!take_digits(text, 10, digits)) return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  return real_value(std::strtod(digits.c_str(), nullptr));
}

std::string toml_real(double number) {
  std::array<char, 32> digits{};
  // Most numbers that people write need no more than 15 digits; every one needs 17 at most.
  std::snprintf(digits.data(), digits.size(), "%.15g", number);
  if (std::strtod(digits.data(), nullptr) != number) std::snprintf(digits.data(), digits.size(), "%.17g", number);
  std::string written = digits.data();
  if (std::isfinite(number) && written.find_first_of(".e") == written.npos) written += ".0";
  return written;
}

}  // namespace sma
