#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/wiped_bytes.h"

namespace sma {

/// The process's environment variables, or a test's. A variable that is empty or only white space counts as unset:
/// Compose's `${X:-}` makes many.
class Environment {
 public:
  /// The variables of this process. Views stay valid as long as nobody changes the environment; nobody does.
  static Environment of_process();
  explicit Environment(std::map<std::string, std::string, std::less<>> variables) : variables_(std::move(variables)) {}

  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
  /// The value where it is set, `fallback` where not.
  [[nodiscard]] std::string_view get_or(std::string_view name, std::string_view fallback) const {
    return get(name).value_or(fallback);
  }
  /// All names that are set, for the check of unknown `SMA_` variables.
  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& all() const { return variables_; }

 private:
  std::map<std::string, std::string, std::less<>> variables_;
};

}  // namespace sma
