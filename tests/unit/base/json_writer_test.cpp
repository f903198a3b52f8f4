#include "base/json_writer.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

using namespace sma;

namespace {

/// What both targets hold, which must be the same.
std::string written(const std::function<void(JsonWriter&)>& write) {
  const WipedBytes wiped = wiped_json(write);
  const SharedBytes shared = shared_json(write);
  CHECK(wiped.view() == shared.view());
  return std::string(shared.view());
}

}  // namespace

TEST_CASE("commas stand between members and elements, and nowhere else") {
  CHECK(written([](JsonWriter& json) { json.begin_object().end_object(); }) == "{}");
  CHECK(written([](JsonWriter& json) { json.begin_array().end_array(); }) == "[]");
  CHECK(written([](JsonWriter& json) {
          json.begin_object().field("a", "1").key("b").begin_array();
          json.begin_object().end_object().begin_array().end_array().string("x").raw("7").end_array();
          json.key("c").begin_object().field("d", "").end_object().key("e").raw("null").end_object();
        }) == R"({"a":"1","b":[{},[],"x",7],"c":{"d":""},"e":null})");
}

TEST_CASE("keys and strings are escaped") {
  CHECK(written([](JsonWriter& json) { json.begin_object().field("\"", std::string("\\\n\0\xFF", 4)).end_object(); }) ==
        "{\"\\\"\":\"\\\\\\n\\u0000\xEF\xBF\xBD\"}");
}

TEST_CASE("a string that there is not is null") {
  CHECK(written([](JsonWriter& json) {
          json.begin_array().string_or_null(std::nullopt).string_or_null("").end_array();
        }) == R"([null,""])");
}

TEST_CASE("an array of strings is written at once") {
  CHECK(written([](JsonWriter& json) { json.strings(std::vector<std::string>{}); }) == "[]");
  CHECK(written([](JsonWriter& json) { json.strings(std::array{"a", "b"}); }) == R"(["a","b"])");
}
