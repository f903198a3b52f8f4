#include "agent/configuration/settings_keys.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "aws/endpoint.h"

namespace sma {
namespace {

using Kind = TomlValue::Kind;

template <typename Number>
std::optional<Number> number_in(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Whole numbers, quoted ones and floats without a fraction included.
std::optional<std::int64_t> whole(const TomlValue& value) {
  constexpr double limit = 1e15;
  if (value.kind == Kind::integer) return value.integer;
  if (value.kind == Kind::text) return number_in<std::int64_t>(value.text);
  if (value.kind == Kind::real && std::abs(value.real) < limit && std::trunc(value.real) == value.real)
    return static_cast<std::int64_t>(value.real);
  return std::nullopt;
}

std::optional<double> number(const TomlValue& value) {
  if (value.kind == Kind::integer) return static_cast<double>(value.integer);
  if (value.kind == Kind::text) return number_in<double>(value.text);
  if (value.kind == Kind::real) return value.real;
  return std::nullopt;
}

/// A text without control characters, which no name, path or header can hold.
bool is_plain_text(const TomlValue& value) {
  return value.kind == Kind::text && std::none_of(value.text.begin(), value.text.end(), [](char c) {
           return static_cast<unsigned char>(c) < ' ' || c == '\x7F';
         });
}

std::size_t read_boolean_key(const TomlValue& value, bool& target) {
  return read_boolean(value, target) ? 0 : value.line;
}

template <typename Number>
std::size_t read_range(const TomlValue& value, Number& target, std::int64_t low, std::int64_t high) {
  const auto found = whole(value);
  if (!found || *found < low || *found > high) return value.line;
  target = static_cast<Number>(*found);
  return 0;
}

std::size_t read_port(const TomlValue& value, Settings& settings) {
  if (whole(value) != 0) return read_range(value, settings.http_port, 1024, 65535);
  settings.http_port = 0;
  return 0;
}

std::size_t read_level(const TomlValue& value, Settings& settings) {
  constexpr std::array<std::pair<std::string_view, LogLevel>, 5> levels{{{"debug", LogLevel::debug},
                                                                         {"info", LogLevel::info},
                                                                         {"warn", LogLevel::warn},
                                                                         {"error", LogLevel::error},
                                                                         {"none", LogLevel::none}}};
  const std::string name = value.kind == Kind::text ? lower_case(value.text) : std::string();
  const auto* found =
      std::find_if(levels.begin(), levels.end(), [&](const auto& level) { return level.first == name; });
  if (found == levels.end()) return value.line;
  settings.log_level = found->second;
  return 0;
}

bool any(std::string_view) { return true; }

std::size_t read_text(const TomlValue& value, std::string& target, bool (*fits)(std::string_view)) {
  if (!is_plain_text(value) || value.text.empty() || !fits(value.text)) return value.line;
  target = value.text;
  return 0;
}

/// Source: RFC 9110 §5.6.2, "token".
bool is_header_name(std::string_view name) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || others.find(c) != others.npos;
  });
}

std::size_t read_names(const TomlValue& value, std::vector<std::string>& target, bool (*fits)(std::string_view)) {
  if (value.kind != Kind::array || value.items.empty()) return value.line;
  std::vector<std::string> names;
  for (const TomlValue& item : value.items) {
    if (read_text(item, names.emplace_back(), fits) != 0) return item.line;
  }
  target = std::move(names);
  return 0;
}

/// A list of tables that have `member` and maybe `role_arn`; whether that is a role is seen when it is used. An empty
/// one is refused: it would read as the agent's own identity, which is not what was asked for.
template <typename Entry>
std::size_t read_entries(const TomlValue& value, std::vector<Entry>& target, std::string_view member,
                         std::string Entry::*member_text) {
  if (value.kind != Kind::array) return value.line;
  std::vector<Entry> entries;
  for (const TomlValue& item : value.items) {
    if (item.kind != Kind::table) return item.line;
    Entry& entry = entries.emplace_back();
    for (const auto& [key, text] : item.table.entries) {
      const bool is_role = key == "role_arn";
      std::string& target_text = is_role ? entry.role_arn : entry.*member_text;
      if ((!is_role && key != member) || read_text(text, target_text, any) != 0) return text.line;
    }
    if ((entry.*member_text).empty()) return item.line;
  }
  target = std::move(entries);
  return 0;
}

std::size_t read_ratio(const TomlValue& value, Settings& settings) {
  const auto ratio = number(value);
  if (!ratio || !(*ratio >= 0.1 && *ratio <= 1.0)) return value.line;
  settings.prefetch.cache_buffer_ratio = *ratio;
  return 0;
}

std::size_t read_seconds(const TomlValue& value, Seconds& target, std::int64_t high) {
  std::int64_t seconds = 0;
  const std::size_t wrong = read_range(value, seconds, 0, high);
  if (wrong == 0) target = Seconds(seconds);
  return wrong;
}

bool begins_with_slash(std::string_view text) { return text.starts_with('/'); }

constexpr std::string_view kBoolean = "true or false";
constexpr std::int64_t kMebibyte = 1 << 20;

constexpr std::array kKeys{
    SettingKey{"log_level", kLoggingTable, "DEBUG, INFO, WARN, ERROR, NONE", read_level},
    SettingKey{"log_to_file", kLoggingTable, kBoolean,
               [](const TomlValue& value, Settings& to) { return read_boolean_key(value, to.log_to_file); }},
    SettingKey{"enabled", kServiceTable, kBoolean,
               [](const TomlValue& value, Settings& to) { return read_boolean_key(value, to.enabled); }},
    SettingKey{"http_port", kServiceTable, "1024 to 65535, or 0 for any free port", read_port},
    SettingKey{"region", kServiceTable, "the name of one region, such as eu-central-1",
               [](const TomlValue& value, Settings& to) { return read_text(value, to.region, is_valid_region); }},
    SettingKey{
        "path_prefix", kServiceTable, "a text that begins with /",
        [](const TomlValue& value, Settings& to) { return read_text(value, to.path_prefix, begins_with_slash); }},
    SettingKey{"max_conn", kServiceTable, "1 to 1000",
               [](const TomlValue& value, Settings& to) { return read_range(value, to.max_conn, 1, 1000); }},
    SettingKey{"max_roles", kServiceTable, "1 to 20",
               [](const TomlValue& value, Settings& to) { return read_range(value, to.max_roles, 1, 20); }},
    SettingKey{
        "ignore_transient_errors", kServiceTable, kBoolean,
        [](const TomlValue& value, Settings& to) { return read_boolean_key(value, to.ignore_transient_errors); }},
    SettingKey{"validate_credentials", kServiceTable, kBoolean,
               [](const TomlValue& value, Settings& to) { return read_boolean_key(value, to.validate_credentials); }},
    SettingKey{"credentials_file_path", kServiceTable, "the path of a file",
               [](const TomlValue& value, Settings& to) { return read_text(value, to.credentials_file_path, any); }},
    SettingKey{"sandbox", kServiceTable, kBoolean,
               [](const TomlValue& value, Settings& to) { return read_boolean_key(value, to.sandbox); }},
    SettingKey{"ttl_seconds", kCacheTable, "0 to 3600",
               [](const TomlValue& value, Settings& to) { return read_seconds(value, to.ttl, 3600); }},
    SettingKey{"cache_size", kCacheTable, "0 to 1000",
               [](const TomlValue& value, Settings& to) { return read_range(value, to.cache_size, 0, 1000); }},
    SettingKey{"cache_bytes", kCacheTable, "1048576 to 1073741824",
               [](const TomlValue& value, Settings& to) {
                 return read_range(value, to.cache_bytes, kMebibyte, 1024 * kMebibyte);
               }},
    SettingKey{"ssrf_headers", kSecurityTable, "a list of at least one header name",
               [](const TomlValue& value, Settings& to) { return read_names(value, to.ssrf_headers, is_header_name); },
               true},
    SettingKey{"ssrf_env_variables", kSecurityTable, "a list of at least one variable name",
               [](const TomlValue& value, Settings& to) { return read_names(value, to.ssrf_env_variables, any); },
               true},
    SettingKey{"cache_buffer_ratio", kPrefetchTable, "0.1 to 1.0", read_ratio},
    SettingKey{"max_jitter_seconds", kPrefetchTable, "0 to 10",
               [](const TomlValue& value, Settings& to) { return read_seconds(value, to.prefetch.max_jitter, 10); }},
    SettingKey{"secrets", kPrefetchTable, "a list of tables, each with secret_id and maybe role_arn, both texts",
               [](const TomlValue& value, Settings& to) {
                 return read_entries(value, to.prefetch.secrets, "secret_id", &PrefetchSettings::Secret::secret_id);
               },
               true, "secret_id"},
    SettingKey{"filter_tags", kPrefetchTable, "a list of tables, each with key and maybe role_arn, both texts",
               [](const TomlValue& value, Settings& to) {
                 return read_entries(value, to.prefetch.filter_tags, "key", &PrefetchSettings::Tag::key);
               },
               true, "key"},
};

}  // namespace

std::span<const SettingKey> setting_keys() { return kKeys; }

std::string SettingKey::variable() const {
  std::string variable = table == kPrefetchTable ? "SMA_PREFETCH_" : "SMA_";
  for (const char c : name) variable += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return variable;
}

bool read_boolean(const TomlValue& value, bool& target) {
  if (value.kind == Kind::boolean) {
    target = value.boolean;
    return true;
  }
  const bool is_text = value.kind == Kind::text || value.kind == Kind::word;
  const std::string text = is_text ? lower_case(value.text) : std::string();
  const bool yes = text == "true" || text == "on" || text == "yes" || whole(value) == 1;
  const bool no = text == "false" || text == "off" || text == "no" || whole(value) == 0;
  if (yes || no) target = yes;
  return yes || no;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

}  // namespace sma
