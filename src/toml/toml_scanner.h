#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "toml/toml_value.h"

namespace sma {

/// Reads the parts that inih splits a joined line (TomlLines) into. `line` is the file's line in which `text`
/// begins, counted from 1; a fault's message begins with its own line (`toml_fault`).
///
/// Source: TOML 1.0; of 1.1, which version 3 of the AWS agent reads, what users can write: inline tables over several
/// lines and with a comma at the end, `\e` and `\xHH`. Dates are refused: no setting takes one.

/// In joined lines, the end of a line inside a value.
inline constexpr char kTomlLineEnd = '\x01';

struct TomlHeader {
  std::vector<std::string> path{};
  bool is_array = false;  ///< `[[…]]`
};

/// `text` is the rest of a header's line after its first bracket.
[[nodiscard]] Result<TomlHeader> read_toml_header(std::string_view text, std::size_t line);

/// `a."b c".d`, and nothing else.
[[nodiscard]] Result<std::vector<std::string>> read_toml_key(std::string_view text, std::size_t line);

/// A value, with a comment after it if there is one.
[[nodiscard]] Result<TomlValue> read_toml_value(std::string_view text, std::size_t line);

}  // namespace sma
