#include "base/percent.h"

#include <doctest/doctest.h>

namespace sma {
namespace {

std::optional<std::string> decoded(std::string_view text, Plus plus = Plus::kept) {
  std::string buffer;
  const auto view = percent_decoded(text, plus, buffer);
  return view ? std::optional(std::string(*view)) : std::nullopt;
}

}  // namespace

TEST_CASE("only unreserved characters stand for themselves") {
  CHECK(percent_encoded("AZaz09-._~") == "AZaz09-._~");
  CHECK(percent_encoded("a b/c%+\xC3\xA9") == "a%20b%2Fc%25%2B%C3%A9");
  CHECK(percent_encoded(std::string_view("\0\x7F\xFF", 3)) == "%00%7F%FF");
  CHECK(percent_encoded("/a b/", "/") == "/a%20b/");
}

TEST_CASE("secrets are encoded into wiped bytes") {
  WipedBytes target("token=");
  append_percent_encoded(target, "a+b=");
  CHECK(target.view() == "token=a%2Bb%3D");
}

TEST_CASE("what was encoded decodes to itself, every byte") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  CHECK(decoded(percent_encoded(all)) == all);
  CHECK(decoded(percent_encoded(all), Plus::space) == all);
}

TEST_CASE("a plus is a space in forms and itself in paths") {
  CHECK(decoded("a+b%2B", Plus::space) == "a b+");
  CHECK(decoded("a+b%2b", Plus::kept) == "a+b+");
}

TEST_CASE("text without an escape is returned as it is, without a copy") {
  std::string buffer = "untouched";
  const std::string_view text = "prod/db+x";
  CHECK(percent_decoded(text, Plus::kept, buffer)->data() == text.data());
  CHECK(buffer == "untouched");
  CHECK(percent_decoded(text, Plus::space, buffer) == "prod/db x");
}

TEST_CASE("an escape that is none is refused") {
  for (const char* wrong : {"%", "a%", "%4", "%zz", "%4g", "%g4", "%%41", "% 4", "%+1", "%-1", "%0x"}) {
    CHECK_FALSE(decoded(wrong));
    CHECK_FALSE(decoded(wrong, Plus::space));
  }
}

TEST_CASE("decoding happens once") { CHECK(decoded("%2541") == "%41"); }

}  // namespace sma
