#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "agent/configuration/settings_keys.h"
#include "agent/configuration/settings_reader.h"

// Any bytes as a configuration file, and as the value of every variable: what is taken can be written out and read back
// the same; what is refused is refused with a line. A line in front, a comment behind and the line ends of Windows
// change nothing but the numbers of lines.

namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

void require(bool holds) {
  if (!holds) std::abort();
}

/// What the text is read as: the settings written out, or the line of the first fault.
struct Reading {
  std::string rendered{};
  unsigned long line = 0;
  bool operator==(const Reading&) const = default;
};

Reading read(std::string_view text, const Variables& variables = {}) {
  const auto loaded = sma::read_settings("f", text, sma::Environment(variables));
  if (loaded.ok()) return {.rendered = sma::render_settings(loaded->settings)};
  const std::string& message = loaded.fault().message;
  const bool of_file = message.starts_with("f:");
  const unsigned long line = of_file ? std::strtoul(message.c_str() + 2, nullptr, 10) : 0;
  require(of_file ? line > 0 : message.starts_with("SMA_"));
  return {.line = line};
}

std::string with_windows_line_ends(std::string_view text) {
  std::string changed;
  for (const char c : text) changed += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return changed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Reading reading = read(text);
  if (reading.line == 0) require(read(reading.rendered) == reading);
  if (!text.starts_with('\xEF')) {
    Reading moved = read("\n" + text);
    if (moved.line > 0) --moved.line;
    require(moved == reading);
  }
  if (text.find('\r') == text.npos) require(read(with_windows_line_ends(text)) == reading);
  if (reading.line == 0) require(read(text + "\n# end") == reading);

  if (size > 64 || text.find('\0') != text.npos) return 0;
  for (const sma::SettingKey& key : sma::setting_keys()) {
    const Reading of_variable = read({}, {{key.variable(), text}});
    const bool is_ascii = std::all_of(text.begin(), text.end(), [](char c) { return c >= 0; });
    if (!of_variable.rendered.empty() && is_ascii) require(read(of_variable.rendered) == of_variable);
  }
  return 0;
}
