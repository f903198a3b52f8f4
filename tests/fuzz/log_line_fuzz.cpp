#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/json_document.h"
#include "base/log.h"
#include "base/utf8.h"

// Any message and any value of a field, in both forms of a log line.

namespace {

using namespace sma;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string line_of(LogFormat format, std::string_view message, std::string_view value) {
  std::string line;
  const std::array fields{LogField("value", value), LogField("size", value.size())};
  append_log_line(line, format, WallTime(Seconds(1'700'000'000)), LogLevel::warn, message, fields);
  // One line, whatever is in it.
  require(line.find('\n') == line.size() - 1);
  return line;
}

/// What a strict reader asks for: UTF-8 without surrogates, no control characters, one object.
void check_json(const std::string& line, std::size_t size) {
  for (std::string_view rest = std::string_view(line).substr(0, line.size() - 1); !rest.empty();) {
    const std::size_t length = utf8_length(rest);
    require(length > 0 && static_cast<unsigned char>(rest[0]) >= ' ');
    rest.remove_prefix(length);
  }
  const auto read = JsonDocument::parse(WipedBytes(line));
  require(read && read->root().is_object());
  const JsonValue root = read->root();
  require(root["timestamp"].string() == "2023-11-14T22:13:20.000Z" && root["level"].string() == "WARN");
  require(root["message"].string().has_value() && root["value"].string().has_value());
  require(root["size"].number() == std::to_string(size));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(text.find('\n'), size / 2);
  (void)line_of(LogFormat::text, text.substr(0, end), text.substr(end));
  check_json(line_of(LogFormat::json, text.substr(0, end), text.substr(end)), size - end);
  return 0;
}
