#include "base/json_document.h"

#include <doctest/doctest.h>

#include <string>

namespace sma {
namespace {

std::optional<JsonDocument> parse(std::string_view text) { return JsonDocument::parse(WipedBytes(text)); }

/// The string that is the only element of an array.
std::string only_string(std::string_view text) {
  const auto document = parse(text);
  REQUIRE(document);
  return std::string((*document->root().begin()).string().value());
}

}  // namespace

TEST_CASE("members are found by name, at any depth") {
  const auto document = parse(R"( {"a": {"b": ["x", {"c": "deep"}, -1.5e3]}, "t": true, "n": null} )");
  REQUIRE(document);
  const JsonValue root = document->root();
  const JsonValue list = root["a"]["b"];
  REQUIRE(list.is_array());
  std::string seen;
  for (const JsonValue element : list)
    seen +=
        std::string(element.string().value_or(element.number().value_or(element["c"].string().value_or("?")))) + ",";
  CHECK(seen == "x,deep,-1.5e3,");
  CHECK(root["t"].boolean() == "true");
  CHECK(root["n"].is_null());
  CHECK(root["n"].exists());
}

TEST_CASE("what is missing can be asked further, and has nothing") {
  const auto document = parse(R"({"a": "x"})");
  REQUIRE(document);
  const JsonValue none = document->root()["b"]["c"];
  CHECK_FALSE(none.exists());
  CHECK(none.is_null());
  CHECK_FALSE(none.string());
  for (const JsonValue value : none) CHECK_FALSE(value.exists());
  for (const JsonValue value : document->root()["a"]) CHECK_FALSE(value.exists());
  CHECK_FALSE(document->root()["a"]["b"].exists());
  CHECK_FALSE(document->root()["a"].number());
}

TEST_CASE("the last of repeated members counts, and keys may be escaped") {
  const auto document = parse(R"({"a": "1", "\u0061": "2", "": "3"})");
  REQUIRE(document);
  CHECK(document->root()["a"].string() == "2");
  CHECK(document->root()[""].string() == "3");
}

TEST_CASE("escapes are undone, NUL and all planes of Unicode included") {
  CHECK(only_string(R"(["\"\\\/\b\f\n\r\t"])") == "\"\\/\b\f\n\r\t");
  CHECK(only_string(R"(["a\u0000b"])") == std::string("a\0b", 3));
  CHECK(only_string(R"(["\u00e9\u20AC\ud83d\udd11"])") == "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x94\x91");
  CHECK(only_string("[\"\xF0\x9F\x94\x91\"]") == "\xF0\x9F\x94\x91");
}

TEST_CASE("lone surrogates are kept, pairs are joined") {
  CHECK(only_string(R"(["\ud800"])") == "\xED\xA0\x80");
  CHECK(only_string(R"(["\uDBFFx"])") == "\xED\xAF\xBFx");
  CHECK(only_string(R"(["\udc00\ud800"])") == "\xED\xB0\x80\xED\xA0\x80");
  CHECK(only_string(R"(["\ud800\ud83d\udd11\ud800\n"])") == "\xED\xA0\x80\xF0\x9F\x94\x91\xED\xA0\x80\n");
  CHECK(only_string(R"(["\ud800\\udc00"])") == "\xED\xA0\x80\\udc00");
  CHECK(only_string(R"(["\\ud800"])") == "\\ud800");
  CHECK(only_string(R"(["\ud800\u0041"])") ==
        "\xED\xA0\x80"
        "A");
}

TEST_CASE("numbers are kept as written") {
  const auto document = parse("[1.523477145713E9, 0, -0.0, 123456789012345678901234567890]");
  REQUIRE(document);
  std::string seen;
  for (const JsonValue number : document->root()) seen += std::string(number.number().value()) + " ";
  CHECK(seen == "1.523477145713E9 0 -0.0 123456789012345678901234567890 ");
}

TEST_CASE("what is no JSON is refused") {
  for (const char* wrong : {"",
                            " ",
                            "{",
                            "}",
                            "[1,]",
                            "{\"a\":}",
                            "{\"a\"}",
                            "{a:1}",
                            "'a'",
                            "nul",
                            "[01]",
                            "[1.]",
                            "[.5]",
                            "[NaN]",
                            "[Infinity]",
                            "[1e999999]",
                            "[\"\\x\"]",
                            "[\"\\u12\"]",
                            "[\"\\ud80\"]",
                            "[\"a\nb\"]",
                            "[\"a]",
                            "{} {}",
                            "[] x",
                            "\xEF\xBB\xBF{}",
                            "<html>",
                            "[\"\\ud800"})
    CHECK_FALSE(parse(wrong));
}

TEST_CASE("a NUL does not end a text early") {
  CHECK_FALSE(parse(std::string_view("{}\0", 3)));
  CHECK_FALSE(parse(std::string_view("{}\0{}", 5)));
  CHECK_FALSE(parse(std::string_view("[\"a\0b\"]", 7)));
}

TEST_CASE("depth and number of values are bounded") {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  CHECK(parse(nested(256)));
  CHECK_FALSE(parse(nested(257)));
  CHECK_FALSE(parse(std::string(std::size_t{1} << 20, '[')));
  std::string many = "[0";
  for (int i = 0; i < 200'000; ++i) many += ",0";
  CHECK_FALSE(parse(many + "]"));
}

TEST_CASE("a document may be moved and read on") {
  auto document = parse(R"({"secret": "x"})");
  REQUIRE(document);
  const JsonDocument moved = std::move(*document);
  CHECK(moved.root()["secret"].string() == "x");
}

}  // namespace sma
