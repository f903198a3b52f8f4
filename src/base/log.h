#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace sma {

enum class LogLevel : std::uint8_t { debug, info, warn, error, none };

/// In the order of LogLevel.
inline constexpr std::array<std::string_view, 5> kLogLevelNames{"DEBUG", "INFO", "WARN", "ERROR", "NONE"};
[[nodiscard]] constexpr std::string_view level_name(LogLevel level) {
  return kLogLevelNames[static_cast<std::size_t>(level)];
}

/// How a line is written: text, or one JSON object with the members `timestamp`, `level`, `message`, and the fields.
enum class LogFormat : std::uint8_t { text, json };

/// In the order of LogFormat.
inline constexpr std::array<std::string_view, 2> kLogFormatNames{"text", "json"};
[[nodiscard]] constexpr std::string_view format_name(LogFormat format) {
  return kLogFormatNames[static_cast<std::size_t>(format)];
}

/// One `key=value` of a log line. Numbers are written as they are, texts are quoted if they need it.
struct LogField {
  LogField(std::string_view field_key, std::string_view text) : key(field_key), text_value(text) {}
  LogField(std::string_view field_key, const char* text) : key(field_key), text_value(text) {}
  LogField(std::string_view field_key, const std::string& text) : key(field_key), text_value(text) {}
  template <typename Integer>
    requires std::is_integral_v<Integer>
  LogField(std::string_view field_key, Integer number)
      : key(field_key), number_value(static_cast<std::int64_t>(number)), is_number(true) {}

  std::string_view key;
  std::string_view text_value{};
  std::int64_t number_value = 0;
  bool is_number = false;
};

/// Takes finished lines: `LogWriter`, or a test.
class LogSink {
 public:
  virtual ~LogSink() = default;
  /// `line` ends with a newline. Never blocks, never fails: lines that cannot be kept are counted.
  virtual void write(std::string_view line) = 0;
  /// How many those are, since the start.
  [[nodiscard]] virtual std::uint64_t dropped() const { return 0; }
};

/// Makes one line an event: UTC time with milliseconds, level, message, `key=value`s. Nothing secret is ever passed to
/// it; texts that clients chose are escaped, so that no line can be forged. No field is named `timestamp`, `level` or
/// `message`.
class Log {
 public:
  /// `sink` null: silent.
  Log(LogSink* sink, LogLevel level, LogFormat format = LogFormat::text);

  [[nodiscard]] bool enabled(LogLevel level) const {
    return sink_ != nullptr && level >= level_ && level_ != LogLevel::none;
  }
  /// How many lines its sink could not keep, since the start.
  [[nodiscard]] std::uint64_t dropped() const { return sink_ == nullptr ? 0 : sink_->dropped(); }
  void write(LogLevel level, std::string_view message, std::span<const LogField> fields);
  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(level, message, std::span(fields.begin(), fields.size()));
  }

  void debug(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::debug, message, fields);
  }
  void info(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::info, message, fields);
  }
  void warn(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::warn, message, fields);
  }
  void error(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::error, message, fields);
  }

 private:
  LogSink* sink_;
  LogLevel level_;
  LogFormat format_;
};

/// Appends a whole line, newline included, as `Log` writes it.
/// In JSON a byte that is no UTF-8, and a surrogate, become U+FFFD, so that strict readers take the line.
void append_log_line(std::string& line, LogFormat format, WallTime when, LogLevel level, std::string_view message,
                     std::span<const LogField> fields);

/// Appends `text` in a form that fits one log line: control characters, quotes, backslashes and bytes that are not
/// UTF-8 are escaped; at most `limit` bytes of it.
void append_escaped(std::string& line, std::string_view text, std::size_t limit = 512);

}  // namespace sma
