#include "base/time_text.h"

#include <doctest/doctest.h>

#include <string>

namespace sma {
namespace {

using namespace std::chrono;

constexpr WallTime kFirst = sys_days(year{2026} / 1 / 31) + hours{12} + minutes{34} + seconds{56};
constexpr WallTime kNineties = sys_days(year{1994} / 11 / 6) + hours{8} + minutes{49} + seconds{37};

}  // namespace

TEST_CASE("ISO 8601 times are read with Z, UTC and offsets") {
  for (const char* text :
       {"2026-01-31T12:34:56Z", "2026-01-31t12:34:56z", "2026-01-31 12:34:56Z", "2026-01-31T12:34:56UTC",
        "2026-01-31T12:34:56+00:00", "2026-01-31T14:04:56+0130", "2026-01-31T14:04:56+01:30",
        "2026-01-30T18:34:56-18:00", "2026-01-31T12:34:56.000000000000000Z"})
    CHECK(parse_iso8601(text) == kFirst);
}

TEST_CASE("fractions of a second are kept down to the nanosecond") {
  CHECK(parse_iso8601("2026-01-31T12:34:56.5Z") == kFirst + milliseconds{500});
  CHECK(parse_iso8601("2026-01-31T12:34:56.123456789987Z") == kFirst + nanoseconds{123'456'789});
  CHECK(parse_iso8601("2026-01-31T12:34:56.25+00:00") == kFirst + milliseconds{250});
}

TEST_CASE("leap days and leap seconds are times") {
  CHECK(parse_iso8601("2024-02-29T00:00:00Z") == WallTime(sys_days(year{2024} / 2 / 29)));
  CHECK(parse_iso8601("2016-12-31T23:59:60Z") == WallTime(sys_days(year{2017} / 1 / 1)));
}

TEST_CASE("times before 1970 and after 2200 are the first and the last of these years") {
  constexpr WallTime kLast = sys_days(year{2200} / 12 / 31) + hours{24} - seconds{1};
  for (const char* late : {"9999-12-31T23:59:59Z", "2300-01-01T00:00:00Z", "2200-12-31T23:59:60.5-18:00"})
    CHECK(parse_iso8601(late) == kLast);
  for (const char* early : {"0001-01-01T00:00:00Z", "0000-01-01T00:00:00+18:00", "1969-12-31T23:59:59Z"})
    CHECK(parse_iso8601(early) == WallTime());
  CHECK(parse_http_date("Mon, 01 Jan 1700 00:00:00 GMT") == WallTime());
  CHECK(parse_http_date("Fri, 31 Dec 9999 23:59:59 GMT") == kLast);
}

TEST_CASE("what is no ISO 8601 time is refused") {
  for (const char* wrong : {"",
                            "2026",
                            "2026-01-31",
                            "2026-01-31T12:34:56",
                            "2026-01-31T12:34Z",
                            "2026-13-01T00:00:00Z",
                            "2026-02-30T00:00:00Z",
                            "2026-01-00T00:00:00Z",
                            "2026-01-31T24:00:00Z",
                            "2026-01-31T12:60:00Z",
                            "2026-01-31T12:34:61Z",
                            "2026-01-31T12:34:56.Z",
                            "2026-01-31T12:34:56,5Z",
                            "2026-01-31T12:34:56ZZ",
                            "2026-01-31T12:34:56+1",
                            "2026-01-31T12:34:56+24:00",
                            "2026-01-31T12:34:56 Z",
                            " 2026-01-31T12:34:56Z",
                            "2026-1-31T12:34:56Z",
                            "+026-01-31T12:34:56Z",
                            "2026-01-31T12:34:5 Z",
                            "1769862896"})
    CHECK_FALSE(parse_iso8601(wrong));
}

TEST_CASE("HTTP dates are read in all three forms") {
  CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == kNineties);
  CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT") == kNineties);
  CHECK(parse_http_date("Sun Nov  6 08:49:37 1994") == kNineties);
  CHECK(parse_http_date("Sat, 31 Jan 2026 12:34:56 GMT") == kFirst);
  CHECK(parse_http_date("Saturday, 31-Jan-26 12:34:56 GMT") == kFirst);
  CHECK(parse_http_date("Sat Jan 31 12:34:56 2026") == kFirst);
}

TEST_CASE("what is no HTTP date is refused") {
  for (const char* wrong :
       {"", "0", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 2026 08:49:37 GMT", "Sum, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT", "Sun,06 Nov 1994 08:49:37 GMT", "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT", "Sun Nov 6 08:49:37 1994", "Sun, 06 Nov 1994 8:49:37 GMT"})
    CHECK_FALSE(parse_http_date(wrong));
}

}  // namespace sma
