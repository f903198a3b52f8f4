#include "agent/configuration/settings.h"

#include <cstdint>
#include <string_view>
#include <utility>

#include "agent/configuration/settings_keys.h"
#include "base/json_text.h"
#include "toml/toml_number.h"

namespace sma {
namespace {

using Names = std::vector<std::string>;
using Entries = std::vector<SettingEntry>;

/// A basic string of TOML: what a setting can hold is escaped in it as in JSON.
std::string quoted_text(std::string_view text) {
  std::string written;
  append_json_string(written, text);
  return written;
}

/// All texts in one, each of them as `write` returns it.
template <typename Write>
std::string joined(const Names& texts, std::string_view separator, Write write) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? std::string() : std::string(separator)) + write(text);
  return all;
}

/// As TOML.
struct Written {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return toml_real(value); }
  std::string operator()(const std::string& value) const { return quoted_text(value); }
  std::string operator()(const Names& value) const { return '[' + joined(value, ", ", quoted_text) + ']'; }
  std::string operator()(const Entries& /*value*/) const { return "[]"; }
};

/// As the value of a field in the log; of prefetched secrets and tags their number only.
struct Logged : Written {
  using Written::operator();
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(const Names& value) const {
    return joined(value, ",", [](const std::string& text) { return text; });
  }
  std::string operator()(const Entries& value) const { return std::to_string(value.size()); }
};

std::string line(std::string_view key, const std::string& value) { return std::string(key) + " = " + value + '\n'; }

/// `[[TABLE.NAME]]` for each entry, after the other keys of the table.
std::string written_entries(const SettingKey& key, const Entries& entries) {
  std::string text;
  for (const SettingEntry& entry : entries) {
    text += "\n[[" + std::string(key.table) + '.' + std::string(key.name) + "]]\n";
    for (const auto& [name, value] : entry) text += line(name, std::visit(Written(), value));
  }
  return text;
}

}  // namespace

std::string render_settings(const Settings& settings) {
  std::string text;
  std::string all_entries;
  std::string_view table;
  for (const SettingKey& key : setting_keys()) {
    if (key.table != table) text += (text.empty() ? "[" : "\n[") + std::string(key.table) + "]\n";
    table = key.table;
    const SettingValue value = key.value(settings);
    const auto* as_text = std::get_if<std::string>(&value);
    const auto* entries = std::get_if<Entries>(&value);
    if (as_text != nullptr && as_text->empty()) {
      text += "# " + std::string(key.name) + " is not set: " + std::string(key.if_empty) + '\n';
    } else if (entries != nullptr && !entries->empty()) {
      all_entries += written_entries(key, *entries);
    } else {
      text += line(key.name, std::visit(Written(), value));
    }
  }
  text += all_entries;
  if (settings.acm_enabled) text += "\n[capabilities.acm]\nenabled = true\n";
  return text;
}

void log_settings(Log& log, const Settings& settings) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (const SettingKey& key : setting_keys()) {
    if (key.name != "enabled") texts.emplace_back(key.full_name(), std::visit(Logged(), key.value(settings)));
  }
  std::vector<LogField> fields;
  fields.reserve(texts.size());
  for (const auto& [name, value] : texts) fields.emplace_back(name, value);
  log.write(LogLevel::info, "settings", fields);
}

}  // namespace sma
