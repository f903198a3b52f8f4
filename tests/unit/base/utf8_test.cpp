#include "base/utf8.h"

#include <doctest/doctest.h>

#include <string>

using namespace sma;

TEST_CASE("every code point that may stand in UTF-8 is written as a sequence of its own length") {
  for (std::uint32_t code = 0; code <= 0x10FFFF; ++code) {
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, code);
    if (utf8_length(text) != text.size()) FAIL("U+", code);
  }
}

TEST_CASE("what is not UTF-8 has no length") {
  for (const std::string text : {"", "\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xE0\x80\x80", "\xE2\x82", "\xED\xA0\x80",
                                 "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3\x28"}) {
    CAPTURE(text);
    CHECK(utf8_length(text) == 0);
  }
}

TEST_CASE("a text is UTF-8 if all of it is") {
  CHECK(is_utf8(""));
  CHECK(is_utf8("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x94\x91"));
  CHECK_FALSE(is_utf8("a\xC3"));
  CHECK_FALSE(is_utf8("\xED\xA0\xBD!"));
}

TEST_CASE("the start of a text is cut between characters") {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x94\x91z";
  const std::size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
  for (std::size_t size = 0; size < std::size(ends); ++size)
    CHECK(utf8_prefix(text, size) == text.substr(0, ends[size]));
  // What is no UTF-8 is cut anywhere.
  CHECK(utf8_prefix("\x80\x80\x80\x80\x80", 3).size() == 3);
  CHECK(utf8_prefix("ab\xE2\x82", 3).size() == 3);
}

TEST_CASE("a surrogate is written as three bytes") {
  std::string text;
  append_utf8(text, 0xD83D);
  CHECK(text == "\xED\xA0\xBD");
}

TEST_CASE("a surrogate is found at the start of a text, and nothing else is taken for one") {
  for (const std::uint32_t code : {0xD800U, 0xDBFFU, 0xDC00U, 0xDFFFU}) {
    std::string text;
    append_utf8(text, code);
    CHECK(starts_with_surrogate(text + "!"));
    CHECK_FALSE(starts_with_surrogate("!" + text));
    CHECK_FALSE(starts_with_surrogate(text.substr(0, 2)));
  }
  for (const std::uint32_t code : {0xD7FFU, 0xE000U, 0x1F511U, 0xEDU}) {
    std::string text;
    append_utf8(text, code);
    CHECK_FALSE(starts_with_surrogate(text));
  }
}

TEST_CASE("each surrogate in a text is replaced, and nothing else") {
  std::string text =
      "\xED\xA0\x80"
      "a\xED\xBF\xBF\xC3\xA9\xED\xA0";
  CHECK(replace_surrogates(text));
  CHECK(text ==
        "\xEF\xBF\xBD"
        "a\xEF\xBF\xBD\xC3\xA9\xED\xA0");
  CHECK_FALSE(replace_surrogates(text));
}
