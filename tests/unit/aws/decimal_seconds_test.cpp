#include "aws/decimal_seconds.h"

#include <doctest/doctest.h>

namespace sma {

TEST_CASE("numbers of seconds take their shortest decimal form") {
  struct Form {
    const char* number;
    const char* decimal;
  };
  for (const Form& form :
       {Form{"1.523477145713E9", "1523477145.713"}, Form{"1569534789.046", "1569534789.046"},
        Form{"1523477145", "1523477145"}, Form{"1523477145.0", "1523477145"}, Form{"1.523477145E9", "1523477145"},
        Form{"1.5234771450E+09", "1523477145"}, Form{"15234771457130e-4", "1523477145.713"}, Form{"0", "0"},
        Form{"0.000", "0"}, Form{"-0.0", "0"}, Form{"0e99999", "0"}, Form{"5e-3", "0.005"}, Form{"0.50", "0.5"},
        Form{"100e-2", "1"}, Form{"-1.5E1", "-15"}, Form{"-12.5e-1", "-1.25"}, Form{"1e19", "10000000000000000000"},
        Form{"0.0001e4", "1"}, Form{"1523477145.713000001", "1523477145.713000001"}})
    CHECK(decimal_seconds(form.number) == form.decimal);
}

TEST_CASE("numbers of absurd length are refused") {
  for (const char* number : {"1e21", "1e400", "1e-21", "-1e-300", "1e99999999999999999999", "1e-99999999999999999999"})
    CHECK_FALSE(decimal_seconds(number));
}

}  // namespace sma
