#include "http_server/date_field.h"

#include <algorithm>

namespace sma {
namespace {

constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void put_number(char* place, unsigned value, int digits) {
  for (char* digit = place + digits; digit != place; value /= 10) *--digit = static_cast<char>('0' + value % 10);
}

}  // namespace

void DateField::write() {
  const WallTime wall = scheduler_.wall_now();
  const auto second = std::chrono::floor<Seconds>(wall);
  valid_until_ = scheduler_.now() + Seconds(1) - (wall - second);

  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(second - day);
  constexpr std::string_view kForm = "Date: ddd, 00 mmm 0000 00:00:00 GMT\r\n";
  static_assert(kForm.size() == std::tuple_size_v<decltype(line_)>);
  char* line = line_.data();
  std::ranges::copy(kForm, line);
  std::ranges::copy(kDays[std::chrono::weekday(day).c_encoding()], line + 6);
  put_number(line + 11, static_cast<unsigned>(date.day()), 2);
  std::ranges::copy(kMonths[static_cast<unsigned>(date.month()) - 1], line + 14);
  put_number(line + 18, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  put_number(line + 23, static_cast<unsigned>(time.hours().count()), 2);
  put_number(line + 26, static_cast<unsigned>(time.minutes().count()), 2);
  put_number(line + 29, static_cast<unsigned>(time.seconds().count()), 2);
}

}  // namespace sma
