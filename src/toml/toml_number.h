#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "toml/toml_value.h"

namespace sma {

/// An integer or float as TOML writes it: `1_000`, `0xff`, `-0.5e3`, `inf`. None if `text` is neither, or an integer
/// that does not fit into 64 bits.
[[nodiscard]] std::optional<TomlValue> read_toml_number(std::string_view text);

/// A float as TOML writes it: the shortest digits that are read as `number` again, with a point or an exponent.
[[nodiscard]] std::string toml_real(double number);

}  // namespace sma
