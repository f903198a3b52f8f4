#include "base/time_text.h"

#include <array>
#include <cstddef>

#include "base/ascii.h"
#include "base/wall_time.h"

namespace sma {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

/// Takes texts and numbers off the front of a text; after the first part that does not fit, nothing fits.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool accept(std::string_view literal) {
    if (failed_ || !rest_.starts_with(literal)) return false;
    rest_.remove_prefix(literal.size());
    return true;
  }
  void expect(std::string_view literal) {
    if (!accept(literal)) failed_ = true;
  }
  /// Exactly so many digits, and a number within the limits.
  int number(std::size_t digits, int least, int most) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) value = value * 10 + digit();
    if (value < least || value > most) failed_ = true;
    return value;
  }
  /// The index of the name whose first `letters` letters come next; all of its letters if that is 0.
  template <std::size_t count>
  int one_of(const std::array<std::string_view, count>& names, std::size_t letters = 0) {
    for (std::size_t i = 0; i < count; ++i)
      if (accept(letters == 0 ? names[i] : names[i].substr(0, letters))) return static_cast<int>(i);
    failed_ = true;
    return 0;
  }
  /// Any count of digits, as a fraction of a second; what is finer than a nanosecond is dropped.
  Nanoseconds fraction() {
    Nanoseconds value{0};
    Nanoseconds unit{100'000'000};
    if (rest_.empty() || !is_digit(rest_[0])) failed_ = true;
    while (!failed_ && !rest_.empty() && is_digit(rest_[0])) {
      value += unit * digit();
      unit /= 10;
    }
    return value;
  }
  [[nodiscard]] bool done() const { return !failed_ && rest_.empty(); }

 private:
  int digit() {
    if (rest_.empty() || !is_digit(rest_[0])) {
      failed_ = true;
      return 0;
    }
    const int value = rest_[0] - '0';
    rest_.remove_prefix(1);
    return value;
  }

  std::string_view rest_;
  bool failed_ = false;
};

struct Fields {
  int year = 1970;
  int month = 1;
  int day = 1;
  Nanoseconds time{0};    // since midnight
  Nanoseconds offset{0};  // of the local time to UTC
};

constexpr std::array<std::string_view, 7> kDays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                   "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

Nanoseconds clock_time(Scanner& text) {
  const int hour = text.number(2, 0, 23);
  text.expect(":");
  const int minute = text.number(2, 0, 59);
  text.expect(":");
  return hours{hour} + minutes{minute} + Seconds{text.number(2, 0, 60)};  // 60: a leap second
}

std::optional<WallTime> to_wall_time(const Fields& fields) {
  using namespace std::chrono;
  const year_month_day date{year{fields.year}, month{static_cast<unsigned>(fields.month)},
                            day{static_cast<unsigned>(fields.day)}};
  if (!date.ok()) return std::nullopt;
  return bounded_time(sys_days(date).time_since_epoch(), fields.time - fields.offset);
}

/// `06 Nov 1994 08:49:37 GMT`, with that separator between the date's parts.
void http_date_after_day(Scanner& text, std::string_view separator, bool short_year, Fields& fields) {
  fields.day = text.number(2, 1, 31);
  text.expect(separator);
  fields.month = 1 + text.one_of(kMonths);
  text.expect(separator);
  fields.year = text.number(short_year ? 2 : 4, 0, 9999);
  if (short_year) fields.year += fields.year < 70 ? 2000 : 1900;
  text.expect(" ");
  fields.time = clock_time(text);
  text.expect(" GMT");
}

/// `Nov  6 08:49:37 1994`, as C's asctime writes it.
void asctime_after_day(Scanner& text, Fields& fields) {
  fields.month = 1 + text.one_of(kMonths);
  text.expect(" ");
  fields.day = text.accept(" ") ? text.number(1, 1, 9) : text.number(2, 1, 31);
  text.expect(" ");
  fields.time = clock_time(text);
  text.expect(" ");
  fields.year = text.number(4, 0, 9999);
}

}  // namespace

std::optional<WallTime> parse_iso8601(std::string_view text) {
  Scanner scanner(text);
  Fields fields;
  fields.year = scanner.number(4, 0, 9999);
  scanner.expect("-");
  fields.month = scanner.number(2, 1, 12);
  scanner.expect("-");
  fields.day = scanner.number(2, 1, 31);
  if (!scanner.accept("T") && !scanner.accept("t")) scanner.expect(" ");
  fields.time = clock_time(scanner);
  if (scanner.accept(".")) fields.time += scanner.fraction();
  if (!scanner.accept("Z") && !scanner.accept("z") && !scanner.accept("UTC")) {
    const int sign = scanner.accept("-") ? -1 : 1;
    if (sign == 1) scanner.expect("+");
    const int hour = scanner.number(2, 0, 23);
    scanner.accept(":");
    fields.offset = sign * (hours{hour} + minutes{scanner.number(2, 0, 59)});
  }
  if (!scanner.done()) return std::nullopt;
  return to_wall_time(fields);
}

std::optional<WallTime> parse_http_date(std::string_view text) {
  Scanner scanner(text);
  Fields fields;
  const auto day = static_cast<std::size_t>(scanner.one_of(kDays, 3));
  if (scanner.accept(", ")) {
    http_date_after_day(scanner, " ", false, fields);
  } else if (scanner.accept(" ")) {
    asctime_after_day(scanner, fields);
  } else {
    scanner.expect(kDays[day].substr(3));
    scanner.expect(", ");
    http_date_after_day(scanner, "-", true, fields);
  }
  if (!scanner.done()) return std::nullopt;
  return to_wall_time(fields);
}

}  // namespace sma
