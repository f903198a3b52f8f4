#pragma once

#include <string_view>

#include "toml/toml_value.h"

namespace sma {

/// Reads an integer or float as TOML writes it: `1_000`, `0xff`, `-0.5e3`, `inf`. False where it is neither, or an
/// integer that does not fit into 64 bits.
[[nodiscard]] bool read_toml_number(std::string_view text, TomlValue& value);

}  // namespace sma
