#include "base/ascii.h"

#include <doctest/doctest.h>

#include <string>

using namespace sma;

TEST_CASE("only bytes of US-ASCII are letters, digits, white space or control characters") {
  std::string letters;
  std::string digits;
  std::string blanks;
  std::string controls;
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    if (is_letter(c)) letters += c;
    if (is_digit(c)) digits += c;
    if (is_white_space(c)) blanks += c;
    if (is_control(c)) controls += c;
    CHECK(is_letter_or_digit(c) == (is_letter(c) || is_digit(c)));
  }
  CHECK(letters == "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
  CHECK(digits == "0123456789");
  CHECK(blanks == "\t\n\v\f\r ");
  CHECK(controls.size() == 33);
  CHECK((controls.front() == '\0' && controls[31] == '\x1f' && controls.back() == '\x7f'));
}

TEST_CASE("case changes for the letters A to Z alone") {
  CHECK(to_lower(std::string_view("AZaz09[@`\xC4")) == "azaz09[@`\xC4");
  CHECK(to_upper('a') == 'A');
  CHECK(to_upper('{') == '{');
  CHECK(to_upper('Z') == 'Z');
}

TEST_CASE("texts are compared without case, but not without length") {
  CHECK(equals_ignoring_case("Content-Type", "content-TYPE"));
  CHECK(equals_ignoring_case("", ""));
  CHECK_FALSE(equals_ignoring_case("a", "ab"));
  CHECK_FALSE(equals_ignoring_case("@", "`"));
  CHECK_FALSE(equals_ignoring_case("\xC4", "\xE4"));
}

TEST_CASE("trimming removes white space at both ends and keeps it inside") {
  CHECK(trimmed(" \t\r\n\v\fa b\n ") == "a b");
  CHECK(trimmed(" \n ").empty());
  CHECK(trimmed("").empty());
  CHECK(trimmed("--a-b-", [](char c) { return c == '-'; }) == "a-b");
}
