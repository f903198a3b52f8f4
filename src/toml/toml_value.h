#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sma {

struct TomlValue;

/// A table of a TOML file, and what may still be added to it. Source: TOML 1.0, "Table", "Inline Table".
struct TomlTable {
  enum class Origin : std::uint8_t {
    implied,  ///< by the header of a table below it; its own header may follow
    header,   ///< by its header
    dotted,   ///< by dotted keys; more of them may follow
    inlined,  ///< by `{…}`: closed
  };
  std::map<std::string, TomlValue, std::less<>> entries{};
  Origin origin = Origin::implied;
};

/// One value of a TOML file, with its line.
struct TomlValue {
  enum class Kind : std::uint8_t { text, integer, real, boolean, word, array, table };

  Kind kind = Kind::text;
  bool holds_tables = false;  ///< an array made by `[[…]]`
  bool boolean = false;
  std::size_t line = 0;  ///< counted from 1
  std::string text{};    ///< also of a `word`: yes, no, on, off, in any case, which only the AWS agent's booleans know
  std::int64_t integer = 0;
  double real = 0;
  std::vector<TomlValue> items{};
  TomlTable table{};

  /// For messages: "a text", "a table", …
  [[nodiscard]] std::string_view kind_name() const;
};

/// Dotted keys and headers deeper than this, and arrays in arrays, are refused.
inline constexpr std::size_t kTomlDepth = 64;

/// A fault in a TOML file; its message is `LINE: TEXT`.
[[nodiscard]] Fault toml_fault(std::size_t line, std::string_view text);

/// Puts `value` under a dotted key. It is a fault, whose message names no line, if the key exists already or leads
/// through a table that cannot be extended.
[[nodiscard]] Result<Done> insert_value(TomlTable& table, std::span<const std::string> key, TomlValue value);

/// Opens the table of a header, `[…]` or `[[…]]` (`is_array`), below `root`. Never null. Faults as for `insert_value`.
[[nodiscard]] Result<TomlTable*> open_table(TomlTable& root, std::span<const std::string> path, bool is_array,
                                            std::size_t line);

/// Is allowed in a key without quotes.
[[nodiscard]] bool is_bare_key_character(char c);

/// The key as a person would write it; one line whatever it holds.
[[nodiscard]] std::string written_key(std::span<const std::string> key);

}  // namespace sma
