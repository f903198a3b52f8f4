#include "base/random.h"

#include <doctest/doctest.h>

#include <array>
#include <set>

#include "tests/unit/base/equal_bytes.h"

using namespace sma;

TEST_CASE("a part of a duration reaches from nothing to just below the whole") {
  CHECK(EqualBytes(0).part_of(Seconds(60)) == Nanoseconds(0));
  CHECK(EqualBytes(0x80).part_of(Seconds(60)) >= Seconds(30));
  CHECK(EqualBytes(0x80).part_of(Seconds(60)) < Seconds(31));
  CHECK(EqualBytes(0xFF).part_of(Seconds(60)) < Seconds(60));
  CHECK(EqualBytes(0xFF).part_of(Seconds(60)) > Milliseconds(59'999));
  CHECK(EqualBytes(0xFF).part_of(Seconds(0)) == Nanoseconds(0));
}

TEST_CASE("the system's random numbers differ, and fill all that was asked for") {
  SystemRandom random;
  std::set<std::array<std::uint8_t, 16>> seen;
  for (int i = 0; i < 100; ++i) {
    std::array<std::uint8_t, 16> bytes{};
    random.fill(bytes);
    seen.insert(bytes);
  }
  CHECK(seen.size() == 100);
}
