#include "agent/configuration/settings_keys.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "agent/configuration/file_entries.h"
#include "agent/configuration/nearest_word.h"
#include "aws/endpoint.h"
#include "base/ascii.h"
#include "base/log.h"
#include "base/whole_number.h"
#include "os/listening_socket.h"
#include "os/unix_listener.h"
#include "toml/toml_number.h"

namespace sma {
namespace {

using Kind = TomlValue::Kind;
/// What `SettingKey::read` returns.
using Wrong = std::optional<NotAllowed>;

constexpr std::size_t kMostQuoted = 64;  // bytes

std::string written(const TomlValue& value) {
  std::string quoted = "\"";
  switch (value.kind) {
    case Kind::integer:
      return std::to_string(value.integer);
    case Kind::real:
      return toml_real(value.real);
    case Kind::boolean:
      return value.boolean ? "true" : "false";
    case Kind::text:
      append_escaped(quoted, value.text, kMostQuoted);
      return quoted + '"';
    case Kind::word:
      return value.text;
    case Kind::array:
      return value.items.empty() ? "an empty list" : "a list";
    default:
      return std::string(value.kind_name());
  }
}

constexpr std::string_view kBooleanWords[] = {"true", "false", "on", "off", "yes", "no"};

NotAllowed no_word_of(std::span<const std::string_view> words, const TomlValue& value) {
  NotAllowed wrong = not_allowed(value);
  if (value.kind == Kind::text) wrong.nearest = nearest_word(value.text, words);
  return wrong;
}

std::optional<std::int64_t> whole_of(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  return whole_number<std::int64_t>(text);
}

std::optional<double> real_in(const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789.eE+-") != text.npos) return std::nullopt;
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  return *end == '\0' ? std::optional(number) : std::nullopt;
}

std::optional<double> number(const TomlValue& value) {
  if (value.kind == Kind::integer) return static_cast<double>(value.integer);
  if (value.kind == Kind::text) return real_in(value.text);
  if (value.kind == Kind::real) return value.real;
  return std::nullopt;
}

bool any(std::string_view) { return true; }
bool is_socket_address(std::string_view text) { return parse_socket_address(text).has_value(); }
bool begins_with_slash(std::string_view text) { return text.starts_with('/'); }

/// Source: RFC 9110 §5.6.2, "token".
bool is_header_name(std::string_view name) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return std::ranges::all_of(name, [&](char c) { return is_letter_or_digit(c) || others.find(c) != others.npos; });
}

std::optional<std::string> text_in(const TomlValue& value, bool (*fits)(std::string_view)) {
  auto text = plain_text_in(value);
  return text && fits(*text) ? text : std::nullopt;
}

/// Where a setting is kept: `place<&Settings::cache, &SecretStoreSettings::ttl>(settings)`.
template <auto member, auto... members>
auto& place(auto& settings) {
  if constexpr (sizeof...(members) == 0) {
    return settings.*member;
  } else {
    return place<members...>(settings.*member);
  }
}

template <auto... members>
Wrong read_flag(const TomlValue& value, Settings& settings) {
  const auto flag = boolean_in(value);
  if (!flag) return no_word_of(kBooleanWords, value);
  place<members...>(settings) = *flag;
  return std::nullopt;
}

template <std::int64_t low, std::int64_t high, auto... members>
Wrong read_range(const TomlValue& value, Settings& settings) {
  const auto found = whole_in(value);
  if (!found || *found < low || *found > high) return not_allowed(value);
  auto& target = place<members...>(settings);
  target = static_cast<std::remove_reference_t<decltype(target)>>(*found);
  return std::nullopt;
}

template <bool (*fits)(std::string_view), auto... members>
Wrong read_text(const TomlValue& value, Settings& settings) {
  auto text = text_in(value, fits);
  if (!text) return not_allowed(value);
  place<members...>(settings) = std::move(*text);
  return std::nullopt;
}

template <bool (*fits)(std::string_view), auto... members>
Wrong read_names(const TomlValue& value, Settings& settings) {
  if (value.kind != Kind::array || value.items.empty()) return not_allowed(value);
  std::vector<std::string> names;
  for (const TomlValue& item : value.items) {
    auto name = text_in(item, fits);
    if (!name) return not_allowed(item);
    names.push_back(std::move(*name));
  }
  place<members...>(settings) = std::move(names);
  return std::nullopt;
}

Wrong read_port(const TomlValue& value, Settings& settings) {
  if (whole_in(value) != 0) return read_range<1024, 65535, &Settings::http_port>(value, settings);
  settings.http_port = 0;
  return std::nullopt;
}

/// One of `names`, in upper or lower case. Their order is that of the enumeration.
template <const auto& names, auto member>
Wrong read_word(const TomlValue& value, Settings& settings) {
  if (value.kind != Kind::text) return not_allowed(value);
  const auto found =
      std::ranges::find_if(names, [&](std::string_view name) { return equals_ignoring_case(name, value.text); });
  if (found == names.end()) return no_word_of(names, value);
  auto& target = settings.*member;
  target = static_cast<std::remove_reference_t<decltype(target)>>(found - names.begin());
  return std::nullopt;
}

Wrong read_ratio(const TomlValue& value, Settings& settings) {
  const auto ratio = number(value);
  if (!ratio || !(*ratio >= 0.1 && *ratio <= 1.0)) return not_allowed(value);
  settings.prefetch.cache_buffer_ratio = *ratio;
  return std::nullopt;
}

/// A list of tables, each with `name` and maybe `role_arn`. If that is a role is seen when it is used. An empty one is
/// refused: it would be read as the agent's own identity, which is not what was asked for.
template <typename Entry>
Wrong read_entries(const TomlValue& value, std::vector<Entry>& target, std::string_view name,
                   std::string Entry::*member) {
  if (value.kind != Kind::array) return not_allowed(value);
  std::vector<Entry> entries;
  for (const TomlValue& item : value.items) {
    if (item.kind != Kind::table) return not_allowed(item);
    Entry& entry = entries.emplace_back();
    for (const auto& [key, given] : item.table.entries) {
      const std::array<std::string_view, 2> keys{name, "role_arn"};
      if (std::ranges::find(keys, key) == keys.end())
        return NotAllowed{given.line, "the key " + written_key({&key, 1}), nearest_word(key, keys)};
      auto text = text_in(given, any);
      if (!text) return not_allowed(given);
      (key == name ? entry.*member : entry.role_arn) = std::move(*text);
    }
    if ((entry.*member).empty()) return NotAllowed{item.line, "a table without " + std::string(name)};
  }
  target = std::move(entries);
  return std::nullopt;
}

template <typename Entry>
SettingValue entries_of(const std::vector<Entry>& list, std::string_view name, std::string Entry::*member) {
  std::vector<SettingEntry> entries;
  entries.reserve(list.size());
  for (const Entry& entry : list) {
    entries.push_back({{name, entry.*member}});
    if (!entry.role_arn.empty()) entries.back().emplace_back("role_arn", entry.role_arn);
  }
  return entries;
}

template <auto... members>
SettingValue value_of(const Settings& settings) {
  const auto& value = place<members...>(settings);
  using Value = std::remove_cvref_t<decltype(value)>;
  if constexpr (std::is_same_v<Value, Seconds>) {
    return std::int64_t{value.count()};
  } else if constexpr (std::is_integral_v<Value> && !std::is_same_v<Value, bool>) {
    return static_cast<std::int64_t>(value);
  } else {
    return value;
  }
}

constexpr std::string_view kBoolean = "true or false";
constexpr std::int64_t kMebibyte = 1 << 20;
constexpr auto kCache = &Settings::cache;
constexpr auto kPrefetch = &Settings::prefetch;

/// Makes a key whose value is true or false, or one whose value is a whole number.
template <auto... members>
constexpr SettingKey flag(std::string_view name, std::string_view table) {
  return {name, table, kBoolean, read_flag<members...>, value_of<members...>};
}
template <std::int64_t low, std::int64_t high, auto... members>
constexpr SettingKey range(std::string_view name, std::string_view table, std::string_view allowed) {
  return {name, table, allowed, read_range<low, high, members...>, value_of<members...>};
}

constexpr std::array kKeys{
    SettingKey{"log_level", kLoggingTable, "DEBUG, INFO, WARN, ERROR, NONE",
               read_word<kLogLevelNames, &Settings::log_level>,
               [](const Settings& from) -> SettingValue { return std::string(level_name(from.log_level)); }},
    flag<&Settings::log_to_file>("log_to_file", kLoggingTable),
    SettingKey{"log_format", kLoggingTable, "text, json", read_word<kLogFormatNames, &Settings::log_format>,
               [](const Settings& from) -> SettingValue { return std::string(format_name(from.log_format)); }},
    flag<&Settings::enabled>("enabled", kServiceTable),
    SettingKey{"http_port", kServiceTable, "1024 to 65535, or 0 for any free port", read_port,
               value_of<&Settings::http_port>},
    SettingKey{.name = "unix_socket",
               .table = kServiceTable,
               .allowed = "an absolute path, of 107 bytes at most, beside which a name of 9 bytes has room",
               .read = read_text<is_socket_path, &Settings::unix_socket>,
               .value = value_of<&Settings::unix_socket>,
               .if_empty = "clients reach the agent by TCP only"},
    SettingKey{.name = "metrics_address",
               .table = kServiceTable,
               .allowed = "an IP address and a port of 1024 to 65535, or 0: 127.0.0.1:9772, 0.0.0.0:9772, [::]:9772",
               .read = read_text<is_socket_address, &Settings::metrics_address>,
               .value = value_of<&Settings::metrics_address>,
               .if_empty = "metrics are served to clients only"},
    SettingKey{.name = "region",
               .table = kServiceTable,
               .allowed = "the name of one region, such as eu-central-1",
               .read = read_text<is_valid_region, &Settings::region>,
               .value = value_of<&Settings::region>,
               .if_empty = "found in the environment, the profile or instance metadata"},
    SettingKey{"path_prefix", kServiceTable, "a text that begins with /",
               read_text<begins_with_slash, &Settings::path_prefix>, value_of<&Settings::path_prefix>},
    range<1, 1000, &Settings::max_conn>("max_conn", kServiceTable, "1 to 1000"),
    range<1, 20, &Settings::max_roles>("max_roles", kServiceTable, "1 to 20"),
    flag<kCache, &SecretStoreSettings::ignore_transient_errors>("ignore_transient_errors", kServiceTable),
    flag<&Settings::validate_credentials>("validate_credentials", kServiceTable),
    SettingKey{.name = "credentials_file_path",
               .table = kServiceTable,
               .allowed = "the path of a file",
               .read = read_text<any, &Settings::credentials_file_path>,
               .value = value_of<&Settings::credentials_file_path>,
               .if_empty = "credentials are found as the AWS SDKs do"},
    flag<&Settings::sandbox>("sandbox", kServiceTable),
    flag<&Settings::post_quantum>("post_quantum", kServiceTable),
    SettingKey{.name = "files",
               .table = kServiceTable,
               .allowed = "a list of tables, each with path, and secret or template",
               .read = [](const TomlValue& value, Settings& to) { return read_files(value, to.files); },
               .value = [](const Settings& from) -> SettingValue { return entries_of_files(from.files); },
               .member = "path",
               .second_member = "secret"},
    range<0, 3600, kCache, &SecretStoreSettings::ttl>("ttl_seconds", kCacheTable, "0 to 3600"),
    range<0, 31536000, kCache, &SecretStoreSettings::max_stale>("max_stale_seconds", kCacheTable, "0 to 31536000"),
    range<0, 1000, kCache, &SecretStoreSettings::cache_size>("cache_size", kCacheTable, "0 to 1000"),
    range<kMebibyte, 1024 * kMebibyte, kCache, &SecretStoreSettings::cache_bytes>("cache_bytes", kCacheTable,
                                                                                  "1048576 to 1073741824"),
    SettingKey{"ssrf_headers", kSecurityTable, "a list of at least one header name",
               read_names<is_header_name, &Settings::ssrf_headers>, value_of<&Settings::ssrf_headers>},
    SettingKey{"ssrf_env_variables", kSecurityTable, "a list of at least one variable name",
               read_names<any, &Settings::ssrf_env_variables>, value_of<&Settings::ssrf_env_variables>},
    SettingKey{"cache_buffer_ratio", kPrefetchTable, "0.1 to 1.0", read_ratio,
               value_of<kPrefetch, &PrefetchSettings::cache_buffer_ratio>},
    range<0, 10, kPrefetch, &PrefetchSettings::max_jitter>("max_jitter_seconds", kPrefetchTable, "0 to 10"),
    SettingKey{"secrets", kPrefetchTable, "a list of tables, each with secret_id and maybe role_arn, both texts",
               [](const TomlValue& value, Settings& to) {
                 return read_entries(value, to.prefetch.secrets, "secret_id", &PrefetchSettings::Secret::secret_id);
               },
               [](const Settings& from) {
                 return entries_of(from.prefetch.secrets, "secret_id", &PrefetchSettings::Secret::secret_id);
               },
               "secret_id"},
    SettingKey{
        "filter_tags", kPrefetchTable, "a list of tables, each with key and maybe role_arn, both texts",
        [](const TomlValue& value, Settings& to) {
          return read_entries(value, to.prefetch.filter_tags, "key", &PrefetchSettings::Tag::key);
        },
        [](const Settings& from) { return entries_of(from.prefetch.filter_tags, "key", &PrefetchSettings::Tag::key); },
        "key"},
};

}  // namespace

std::span<const SettingKey> setting_keys() { return kKeys; }

NotAllowed not_allowed(const TomlValue& value) { return {value.line, written(value)}; }

std::optional<std::string> plain_text_in(const TomlValue& value) {
  const bool is_plain = value.kind == Kind::text && std::ranges::none_of(value.text, [](char c) {
                          return static_cast<unsigned char>(c) < ' ' || c == '\x7F';
                        });
  return is_plain && !value.text.empty() ? std::optional(value.text) : std::nullopt;
}

std::optional<std::int64_t> whole_in(const TomlValue& value) {
  constexpr double limit = 1e15;
  if (value.kind == Kind::integer) return value.integer;
  if (value.kind == Kind::text) return whole_of(value.text);
  if (value.kind == Kind::real && std::abs(value.real) < limit && std::trunc(value.real) == value.real)
    return static_cast<std::int64_t>(value.real);
  return std::nullopt;
}

bool SettingKey::is_list() const { return !member.empty() || table == kSecurityTable; }

std::string SettingKey::full_name() const { return (table == kPrefetchTable ? "prefetch_" : "") + std::string(name); }

std::string SettingKey::variable() const {
  std::string variable = "SMA_" + full_name();
  for (char& c : variable) c = to_upper(c);
  return variable;
}

std::optional<bool> boolean_in(const TomlValue& value) {
  if (value.kind == Kind::boolean) return value.boolean;
  const bool is_text = value.kind == Kind::text || value.kind == Kind::word;
  const std::string text = is_text ? to_lower(value.text) : std::string();
  if (text == "true" || text == "on" || text == "yes" || whole_in(value) == 1) return true;
  if (text == "false" || text == "off" || text == "no" || whole_in(value) == 0) return false;
  return std::nullopt;
}

}  // namespace sma
