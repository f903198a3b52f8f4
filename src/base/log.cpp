#include "base/log.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

#include "base/hex.h"
#include "base/json_text.h"
#include "base/utf8.h"

namespace sma {
namespace {

constexpr std::size_t kFieldLimit = 2048;

void append_time(std::string& line, WallTime when) {
  const auto milliseconds = std::chrono::duration_cast<Milliseconds>(when.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 48> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900, utc.tm_mon + 1,
                    utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, static_cast<int>(milliseconds % 1000));
  line.append(text.data(), static_cast<std::size_t>(size));
}

/// The length of the character at the start of `text` if it is U+007F, one of the control characters U+0080 to U+009F,
/// or U+2028 or U+2029, which end lines for some readers; else 0.
std::size_t odd_control_length(std::string_view text) {
  if (text[0] == '\x7F') return 1;
  const std::size_t length = utf8_length(text);
  if (length == 2 && text[0] == '\xC2' && static_cast<unsigned char>(text[1]) < 0xA0) return 2;
  return length == 3 && (text.starts_with("\xE2\x80\xA8") || text.starts_with("\xE2\x80\xA9")) ? 3 : 0;
}

bool is_plain(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text)
    if (c <= ' ' || c > '~' || c == '"' || c == '\\' || c == '=') return false;
  return true;
}

void append_number(std::string& line, std::int64_t number) {
  std::array<char, 24> digits{};
  const auto written = std::to_chars(digits.begin(), digits.end(), number);
  line.append(digits.begin(), written.ptr);
}

void append_text_line(std::string& line, WallTime when, LogLevel level, std::string_view message,
                      std::span<const LogField> fields) {
  append_time(line, when);
  line += ' ';
  line += level_name(level);
  line += ' ';
  append_escaped(line, message, kFieldLimit);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    if (field.is_number) {
      append_number(line, field.number_value);
    } else if (is_plain(field.text_value)) {
      line += field.text_value.substr(0, kFieldLimit);
    } else {
      line += '"';
      append_escaped(line, field.text_value, kFieldLimit);
      line += '"';
    }
  }
}

/// In the JSON text that begins at `at`.
void escape_odd_controls(std::string& line, std::size_t at) {
  for (; at < line.size(); ++at) {
    const std::size_t length = odd_control_length(std::string_view(line).substr(at));
    if (length == 0) continue;
    // C2 80 to C2 9F, and E2 80 A8 or A9: the last byte names the character.
    const auto last = static_cast<std::uint8_t>(line[at + length - 1]);
    std::string escape = length == 3 ? "\\u20" : "\\u00";
    const auto digits = hex_pair(length == 3 ? static_cast<std::uint8_t>(last - 0xA8 + 0x28) : last);
    escape.append(digits.begin(), digits.end());
    line.replace(at, length, escape);
    at += escape.size() - 1;
  }
}

void append_json_text(std::string& line, std::string_view text) {
  std::string shown(utf8_prefix(text, kFieldLimit));
  if (shown.size() < text.size()) shown += "...";
  replace_surrogates(shown);
  const std::size_t begin = line.size();
  append_json_string(line, shown);
  escape_odd_controls(line, begin);
}

void append_json_line(std::string& line, WallTime when, LogLevel level, std::string_view message,
                      std::span<const LogField> fields) {
  line += R"({"timestamp":")";
  append_time(line, when);
  line += R"(","level":")";
  line += level_name(level);
  line += R"(","message":)";
  append_json_text(line, message);
  for (const LogField& field : fields) {
    line += ',';
    append_json_text(line, field.key);
    line += ':';
    if (field.is_number) {
      append_number(line, field.number_value);
    } else {
      append_json_text(line, field.text_value);
    }
  }
  line += '}';
}

}  // namespace

void append_escaped(std::string& line, std::string_view text, std::size_t limit) {
  const bool cut = text.size() > limit;
  if (cut) text = text.substr(0, limit);
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text[0]);
    std::size_t length = utf8_length(text);
    if (byte == '"' || byte == '\\') {
      line += '\\';
      line += text[0];
      length = 1;
    } else if (length == 0 || odd_control_length(text) != 0 || byte < 0x20) {
      length = length == 0 ? 1 : length;
      for (const char& c : text.substr(0, length)) append_hex(line += "\\x", {&c, 1});
    } else {
      line += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  if (cut) line += "...";
}

Log::Log(LogSink* sink, LogLevel level, LogFormat format) : sink_(sink), level_(level), format_(format) {}

void Log::write(LogLevel level, std::string_view message, std::span<const LogField> fields) {
  if (!enabled(level)) return;
  std::string line;
  line.reserve(256);
  append_log_line(line, format_, std::chrono::system_clock::now(), level, message, fields);
  sink_->write(line);
}

void append_log_line(std::string& line, LogFormat format, WallTime when, LogLevel level, std::string_view message,
                     std::span<const LogField> fields) {
  if (format == LogFormat::json) {
    append_json_line(line, when, level, message, fields);
  } else {
    append_text_line(line, when, level, message, fields);
  }
  line += '\n';
}

}  // namespace sma
