#include "base/whole_number.h"

#include <doctest/doctest.h>

#include <cstdint>

using namespace sma;

TEST_CASE("a number is read if it is the whole text") {
  CHECK(whole_number<int>("0") == 0);
  CHECK(whole_number<int>("-17") == -17);
  CHECK(whole_number<std::uint16_t>("65535") == 65535);
  CHECK(whole_number<unsigned>("fF", 16) == 255U);
}

TEST_CASE("anything beside the number, nothing at all, or a number out of range is none") {
  for (const char* text : {"", " 1", "1 ", "+1", "1s", "0x1", "1.0", "--1", "99999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(whole_number<int>(text));
  }
  CHECK_FALSE(whole_number<unsigned>("-1"));
  CHECK_FALSE(whole_number<std::uint16_t>("65536"));
  CHECK_FALSE(whole_number<unsigned>("fg", 16));
}
