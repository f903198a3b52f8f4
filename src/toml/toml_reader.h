#pragma once

#include <string_view>

#include "toml/toml_scanner.h"
#include "toml/toml_value.h"

namespace sma {

/// Reads a TOML file's text: `TomlLines` joins what belongs together, inih takes lines apart into sections, names and
/// values, `TomlScanner` reads these. Where that fails `problem` is set and what is given means nothing.
[[nodiscard]] TomlTable read_toml(std::string_view text, TomlProblem& problem);

}  // namespace sma
