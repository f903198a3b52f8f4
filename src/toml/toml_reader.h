#pragma once

#include <string_view>

#include "base/result.h"
#include "toml/toml_value.h"

namespace sma {

/// Reads the text of a TOML file: `TomlLines` joins the lines that belong together, inih splits them into sections,
/// names and values, and `toml_scanner` reads these. A fault's message is `LINE: TEXT`.
[[nodiscard]] Result<TomlTable> read_toml(std::string_view text);

}  // namespace sma
