#include "aws/decimal_seconds.h"

#include <algorithm>

#include "base/whole_number.h"

namespace sma {
namespace {

constexpr std::ptrdiff_t kMaxDigits = 20;

}  // namespace

std::optional<std::string> decimal_seconds(std::string_view number) {
  const bool negative = number.starts_with('-');
  if (negative) number.remove_prefix(1);

  int exponent = 0;
  if (const std::size_t mark = number.find_first_of("eE"); mark != std::string_view::npos) {
    std::string_view text = number.substr(mark + 1);
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto written = whole_number<int>(text);
    if (!written) return std::nullopt;
    exponent = *written;
    number = number.substr(0, mark);
  }

  // `digits`, the point standing before its digit number `point`.
  const std::size_t written_point = std::min(number.find('.'), number.size());
  std::string digits(number.substr(0, written_point));
  if (written_point < number.size()) digits.append(number.substr(written_point + 1));
  const std::size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) return "0";
  digits.erase(0, first);
  digits.erase(digits.find_last_not_of('0') + 1);
  const std::ptrdiff_t point =
      static_cast<std::ptrdiff_t>(written_point) - static_cast<std::ptrdiff_t>(first) + exponent;
  const auto count = static_cast<std::ptrdiff_t>(digits.size());
  if (point > kMaxDigits || count - point > kMaxDigits) return std::nullopt;

  std::string text = negative ? "-" : "";
  if (point <= 0) return text.append("0.").append(static_cast<std::size_t>(-point), '0').append(digits);
  if (point >= count) return text.append(digits).append(static_cast<std::size_t>(point - count), '0');
  return text.append(digits, 0, static_cast<std::size_t>(point))
      .append(".")
      .append(digits, static_cast<std::size_t>(point));
}

}  // namespace sma
