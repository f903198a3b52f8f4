#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/settings_keys.h"
#include "agent/settings_reader.h"

// Any bytes as a configuration file, and as the value of every variable: what is taken can be written out and read back
// the same; what is refused is refused with a line.

namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const sma::Environment none{Variables{}};
  const auto loaded = sma::read_settings("f", text, none);
  if (loaded.ok()) {
    const std::string rendered = sma::render_settings(loaded->settings);
    const auto again = sma::read_settings("f", rendered, none);
    require(again.ok() && sma::render_settings(again->settings) == rendered);
  } else {
    const std::string& message = loaded.fault().message;
    require(message.starts_with("f:") && std::strtoul(message.c_str() + 2, nullptr, 10) > 0);
  }
  if (size > 64) return 0;
  for (const sma::SettingKey& key : sma::setting_keys())
    static_cast<void>(sma::read_settings("f", {}, sma::Environment(Variables{{key.variable(), std::string(text)}})));
  return 0;
}
