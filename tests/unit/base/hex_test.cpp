#include "base/hex.h"

#include <doctest/doctest.h>

#include <string>

using namespace sma;

TEST_CASE("every hexadecimal digit has its value in both cases, and nothing else has one") {
  int known = 0;
  for (int byte = 0; byte < 256; ++byte) known += hex_digit_value(static_cast<char>(byte)).has_value() ? 1 : 0;
  CHECK(known == 22);
  for (unsigned value = 0; value < 16; ++value) {
    CHECK(hex_digit_value(kLowerHexDigits[value]) == value);
    CHECK(hex_digit_value(kUpperHexDigits[value]) == value);
  }
}

TEST_CASE("bytes become two lower case digits each") {
  std::string text = "x";
  append_hex(text, std::string_view("\x00\x0f\xa5\xff", 4));
  CHECK(text == "x000fa5ff");
  CHECK(hex_pair(0xAB, kUpperHexDigits)[0] == 'A');
}
