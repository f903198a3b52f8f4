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

std::string line_of(std::string_view message, std::initializer_list<LogField> fields) {
  std::string line;
  append_log_line(line, WallTime(Milliseconds(1'700'000'000'007)), LogLevel::warn, message, fields);
  return line;
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
