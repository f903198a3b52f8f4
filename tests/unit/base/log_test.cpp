#include "base/log.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace sma {
namespace {

struct Lines final : LogSink {
  void write(std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

std::string line_of(std::string_view message, std::initializer_list<LogField> fields,
                    LogFormat format = LogFormat::text) {
  std::string line;
  append_log_line(line, format, WallTime(Milliseconds(1'700'000'000'007)), LogLevel::warn, message, fields);
  return line;
}

std::string json_of(std::string_view message, std::initializer_list<LogField> fields) {
  return line_of(message, fields, LogFormat::json);
}

std::string escaped(std::string_view text, std::size_t limit = 512) {
  std::string line;
  append_escaped(line, text, limit);
  return line;
}

TEST_CASE("a line has the time in UTC with milliseconds, the level, the message and its fields") {
  CHECK(line_of("it happened", {}) == "2023-11-14T22:13:20.007Z WARN it happened\n");
  CHECK(line_of("m", {{"number", -5}, {"word", "plain"}, {"text", "two words"}, {"none", ""}}) ==
        "2023-11-14T22:13:20.007Z WARN m number=-5 word=plain text=\"two words\" none=\"\"\n");
}

TEST_CASE("a JSON line is one object: numbers are numbers, and message and fields keep their text") {
  CHECK(json_of("it happened", {}) ==
        "{\"timestamp\":\"2023-11-14T22:13:20.007Z\",\"level\":\"WARN\",\"message\":\"it happened\"}\n");
  CHECK(json_of("a \"b\"\n", {{"number", -5}, {"text", "two\\words"}, {"none", ""}}) ==
        R"({"timestamp":"2023-11-14T22:13:20.007Z","level":"WARN","message":"a \"b\"\n","number":-5,)"
        R"("text":"two\\words","none":""})"
        "\n");
}

TEST_CASE("a JSON line holds no byte that a strict reader refuses") {
  CHECK(json_of("\xFF", {{"surrogate", "\xED\xA0\x80!"}, {"cut", "\xC3"}}) ==
        "{\"timestamp\":\"2023-11-14T22:13:20.007Z\",\"level\":\"WARN\",\"message\":\"\xEF\xBF\xBD\","
        "\"surrogate\":\"\xEF\xBF\xBD!\",\"cut\":\"\xEF\xBF\xBD\"}\n");
}

TEST_CASE("a JSON line escapes what some readers take for a control character or for the end of a line") {
  const std::string plain = "\xC2\xA0\xE2\x80\xA7\xE2\x80\xAA";
  CHECK(json_of("a\x7F"
                "b\xC2\x80\xC2\x9F\xE2\x80\xA8\xE2\x80\xA9" +
                    plain,
                {}) ==
        "{\"timestamp\":\"2023-11-14T22:13:20.007Z\",\"level\":\"WARN\",\"message\":"
        "\"a\\u007fb\\u0080\\u009f\\u2028\\u2029" +
            plain + "\"}\n");
}

TEST_CASE("a long text of a JSON line is cut between two characters") {
  std::string keys;
  for (int i = 0; i < 1000; ++i) keys += "\xF0\x9F\x94\x91";
  const std::string line = json_of("x" + keys, {});
  CHECK(line.ends_with("\x91...\"}\n"));
  CHECK(line.size() < 2200);
}

TEST_CASE("a log writes its lines in the form it was made for") {
  Lines sink;
  Log(&sink, LogLevel::info, LogFormat::json).info("m");
  REQUIRE(sink.lines.size() == 1);
  CHECK(sink.lines[0].ends_with(R"("level":"INFO","message":"m"})"
                                "\n"));
}

TEST_CASE("only lines of the level or above are written") {
  for (const LogLevel level : {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error, LogLevel::none}) {
    Lines sink;
    Log log(&sink, level);
    log.debug("m");
    log.info("m");
    log.warn("m");
    log.error("m");
    CHECK(sink.lines.size() == 4 - static_cast<std::size_t>(level));
  }
  CHECK_FALSE(Log(nullptr, LogLevel::debug).enabled(LogLevel::error));
}

TEST_CASE("no text can begin a line of its own, or hide in one") {
  CHECK(escaped("a\nb\r\x1b[31m\x7f\"\\") == R"(a\x0ab\x0d\x1b[31m\x7f\"\\)");
  CHECK(escaped("\xC2\x85\xE2\x80\xA8\xE2\x80\xA9") == R"(\xc2\x85\xe2\x80\xa8\xe2\x80\xa9)");
  CHECK(escaped("\xC3\xA4\xF0\x9F\x94\x91") == "\xC3\xA4\xF0\x9F\x94\x91");
  CHECK(escaped("\xFF\xC3") == R"(\xff\xc3)");
}

TEST_CASE("a long text is cut") {
  CHECK(escaped("abcd", 4) == "abcd");
  CHECK(escaped("abcde", 4) == "abcd...");
}

}  // namespace
}  // namespace sma
