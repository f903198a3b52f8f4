#include "toml/toml_number.h"

#include <doctest/doctest.h>

#include <string>

using namespace sma;

TEST_CASE("a float is written with the fewest digits that are read as the same number") {
  for (const char* text : {"0.8", "1.0", "-0.1", "0.30000000000000004", "1e+20", "-2.5e-07", "123456789012345.0"}) {
    CAPTURE(text);
    const auto value = read_toml_number(text);
    REQUIRE(value);
    CHECK(toml_real(value->real) == text);
  }
}

TEST_CASE("what is no finite number is written as TOML names it") {
  CHECK(toml_real(read_toml_number("inf")->real) == "inf");
  CHECK(toml_real(read_toml_number("-inf")->real) == "-inf");
  CHECK(toml_real(read_toml_number("nan")->real) == "nan");
}
