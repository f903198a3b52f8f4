#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "toml/toml_scanner.h"

namespace sma {

/// A TOML file's text as lines that inih can take without changing their meaning: values that go on over several lines
/// are joined into one, and what inih would take for a separator inside quotes is written as a control character, which
/// TOML knows in no other place. `restore` undoes the latter.
struct TomlLines {
  std::string text{};
  std::vector<std::size_t> numbers{};  ///< the file's line that each line of `text` began at, counted from 1

  /// Empty, with `problem` set, where the text is not UTF-8 or holds control characters. Source: TOML 1.0, "Spec".
  [[nodiscard]] static TomlLines join(std::string_view file, TomlProblem& problem);

  [[nodiscard]] static std::string restore(std::string_view encoded);
};

}  // namespace sma
