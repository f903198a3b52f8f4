#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "agent/configuration/settings.h"
#include "toml/toml_value.h"

namespace sma {

/// The tables of the nested form.
inline constexpr std::string_view kLoggingTable = "logging";
inline constexpr std::string_view kServiceTable = "capabilities.secrets_manager";
inline constexpr std::string_view kCacheTable = "capabilities.secrets_manager.cache";
inline constexpr std::string_view kSecurityTable = "capabilities.secrets_manager.security";
inline constexpr std::string_view kPrefetchTable = "capabilities.secrets_manager.prefetch";

/// An item of a list of tables: its keys that are set, in the order in which they are written.
using SettingEntry = std::vector<std::pair<std::string_view, std::variant<std::string, std::int64_t>>>;
using SettingValue =
    std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>, std::vector<SettingEntry>>;

/// What a setting may not hold.
struct NotAllowed {
  std::size_t line;
  std::string what;            ///< as it is written, in short: `"loud"`, `80`, `an empty list`
  std::string_view nearest{};  ///< the allowed word that was probably meant; empty: the setting is no choice of words
  std::string allowed{};       ///< in its place; empty: what the setting allows
};

/// One key of the configuration: its places, what it may hold, and how it is read and written. Source: specification
/// §4.
struct SettingKey {
  std::string_view name;     ///< in the flat form, and in its table
  std::string_view table;    ///< the table that it belongs to in the nested form
  std::string_view allowed;  ///< for messages
  /// Takes the value over. Returns what is not allowed in it; none if all of it is.
  std::optional<NotAllowed> (*read)(const TomlValue& value, Settings& settings);
  SettingValue (*value)(const Settings& settings);
  std::string_view member{};         ///< of a list of tables: the key that each must have
  std::string_view second_member{};  ///< in the variable this one's value follows the first `=`; empty: none does
  std::string_view if_empty{};       ///< what holds if the text is empty, for `--check-config`

  /// May stand outside of all tables.
  [[nodiscard]] bool is_flat() const { return table != kPrefetchTable && name != "enabled"; }
  [[nodiscard]] bool is_list() const;
  /// The name that says all without the table.
  [[nodiscard]] std::string full_name() const;
  /// `SMA_…`
  [[nodiscard]] std::string variable() const;
};

[[nodiscard]] std::span<const SettingKey> setting_keys();

/// `value`, which is not what it should be.
[[nodiscard]] NotAllowed not_allowed(const TomlValue& value);

/// A text without control characters, which no name, path or header can hold, and that is not empty.
[[nodiscard]] std::optional<std::string> plain_text_in(const TomlValue& value);

/// Whole numbers, quoted ones and floats without a fraction included.
[[nodiscard]] std::optional<std::int64_t> whole_in(const TomlValue& value);

/// Booleans as the AWS agent takes them: true, false, on, off, yes, no, 1, 0, in any case, quoted or not. None if
/// `value` is something else.
[[nodiscard]] std::optional<bool> boolean_in(const TomlValue& value);

}  // namespace sma
