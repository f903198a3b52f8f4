#pragma once

#include <optional>
#include <vector>

#include "agent/configuration/settings_keys.h"
#include "agent/files/file_settings.h"
#include "toml/toml_value.h"

namespace sma {

/// Reads the list of tables `[[files]]` into `files`. Returns what is not allowed in it. Source: specification §2.8.
[[nodiscard]] std::optional<NotAllowed> read_files(const TomlValue& value, std::vector<FileSettings>& files);

/// The same list, to be written.
[[nodiscard]] std::vector<SettingEntry> entries_of_files(const std::vector<FileSettings>& files);

}  // namespace sma
