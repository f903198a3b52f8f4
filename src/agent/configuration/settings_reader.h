#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/configuration/settings.h"
#include "base/environment.h"
#include "base/files.h"
#include "base/result.h"

namespace sma {

struct LoadedSettings {
  Settings settings{};
  std::vector<std::string> warnings{};  ///< a line each, for a person
  std::vector<std::string> remarks{};   ///< likewise, of states that are usual in some places
};

/// The settings in force: those of the file, and over them those of `SMA_` variables. An empty `path` is no file; if
/// `path` does not exist, `path`.toml is read. A fault's message is one line for each thing that is wrong, `FILE:LINE:
/// …` or `SMA_NAME: …`, and says what is allowed; or why the file is against `rule`. Source: specification §4.1 to
/// §4.4.
[[nodiscard]] Result<LoadedSettings> load_settings(const std::string& path, const Environment& environment,
                                                   const Files& files, FileRule rule = FileRule::any);

/// The same, of a file's text; `name` is the file's, for messages.
[[nodiscard]] Result<LoadedSettings> read_settings(std::string_view name, std::string_view text,
                                                   const Environment& environment);

}  // namespace sma
