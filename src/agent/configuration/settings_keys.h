#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "agent/configuration/settings.h"
#include "toml/toml_value.h"

namespace sma {

/// The tables of the nested form.
inline constexpr std::string_view kLoggingTable = "logging";
inline constexpr std::string_view kServiceTable = "capabilities.secrets_manager";
inline constexpr std::string_view kCacheTable = "capabilities.secrets_manager.cache";
inline constexpr std::string_view kSecurityTable = "capabilities.secrets_manager.security";
inline constexpr std::string_view kPrefetchTable = "capabilities.secrets_manager.prefetch";

/// One key of the configuration: its places, what it may hold, and how it is read. Source: specification §4.2.
struct SettingKey {
  std::string_view name;     ///< in the flat form, and in its table
  std::string_view table;    ///< where it stands in the nested form
  std::string_view allowed;  ///< for a person
  /// Takes the value over; gives 0, or the line where something stands that is not allowed.
  std::size_t (*read)(const TomlValue& value, Settings& settings);
  bool is_list = false;
  std::string_view member{};  ///< of a list of tables: the key that each must have

  /// May stand outside of all tables.
  [[nodiscard]] bool is_flat() const { return table != kPrefetchTable && name != "enabled"; }
  /// `SMA_…`
  [[nodiscard]] std::string variable() const;
};

[[nodiscard]] std::span<const SettingKey> setting_keys();

/// Booleans as the AWS agent takes them: true, false, on, off, yes, no, 1, 0, in any case, quoted or not.
[[nodiscard]] bool read_boolean(const TomlValue& value, bool& target);

[[nodiscard]] std::string lower_case(std::string_view text);

}  // namespace sma
