#include "base/json_text.h"

#include <doctest/doctest.h>

namespace sma {
namespace {

std::string json(std::string_view text) {
  std::string appended;
  append_json_string(appended, text);
  WipedBytes wiped;
  append_json_string(wiped, text);
  std::string written(json_string_size(text), '\0');
  CHECK(write_json_string(written.data(), text) == written.data() + written.size());
  CHECK(wiped.view() == appended);
  CHECK(written == appended);
  return appended;
}

}  // namespace

TEST_CASE("quotes, backslashes and control characters are escaped, nothing else") {
  CHECK(json("") == R"("")");
  CHECK(json(R"(a"b\c/d)") == R"("a\"b\\c/d")");
  CHECK(json("\b\f\n\r\t") == R"("\b\f\n\r\t")");
  CHECK(json(std::string_view("\0\x01\x1F\x7F", 4)) == "\"\\u0000\\u0001\\u001f\x7F\"");
  CHECK(json("\xC3\xA9 \xE2\x80\xA8 \xF0\x9F\x94\x91") == "\"\xC3\xA9 \xE2\x80\xA8 \xF0\x9F\x94\x91\"");
}

TEST_CASE("lone surrogates become escapes, their neighbours in Unicode stay") {
  CHECK(json("\xED\xA0\x80") == R"("\ud800")");
  CHECK(json("\xED\xAF\xBF") == R"("\udbff")");
  CHECK(json("\xED\xB0\x80") == R"("\udc00")");
  CHECK(json("x\xED\xBF\xBFy") == R"("x\udfffy")");
  CHECK(json("\xED\x9F\xBF\xEE\x80\x80") == "\"\xED\x9F\xBF\xEE\x80\x80\"");
}

TEST_CASE("each byte that is no UTF-8 becomes U+FFFD, whatever its neighbours are") {
  const std::string one = "\xEF\xBF\xBD";
  CHECK(json("\xED\xA0") == '"' + one + one + '"');
  CHECK(json("\xED") == '"' + one + '"');
  CHECK(json("a\x80z") == "\"a" + one + "z\"");
  CHECK(json("\xFF\xC3\xA9\xC3") == '"' + one + "\xC3\xA9" + one + '"');
  CHECK(json("\xC0\xAF") == '"' + one + one + '"');
  CHECK(json("\xF4\x90\x80\x80") == '"' + one + one + one + one + '"');
  CHECK(json("\xE2\x82\"") == '"' + one + one + "\\\"\"");
}

}  // namespace sma
