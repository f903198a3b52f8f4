#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sma {

/// The text of a TOML file as lines that inih reads without changing their meaning: a value of several lines is joined
/// into one, and what inih would take for a separator inside quotes is written as a control character, which TOML
/// allows nowhere. `restore` undoes the latter.
struct TomlLines {
  std::string text{};
  std::vector<std::size_t> numbers{};  ///< the file's line in which each line of `text` begins, counted from 1

  /// It is a fault if the text is not UTF-8 or holds control characters. Source: TOML 1.0, "Spec".
  [[nodiscard]] static Result<TomlLines> join(std::string_view file);

  [[nodiscard]] static std::string restore(std::string_view encoded);
};

}  // namespace sma
