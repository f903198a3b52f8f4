#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/shared_bytes.h"

namespace sma {

/// The process's environment variables, or a test's. A variable that is empty or only white space counts as unset:
/// Compose's `${X:-}` makes many. A copy shares the values with the original.
class Environment {
 public:
  using Values = std::map<std::string, SharedBytes, std::less<>>;

  /// The variables of this process. The values are not copied: they stay in the memory that the kernel put them into.
  [[nodiscard]] static Environment of_process();
  explicit Environment(const std::map<std::string, std::string, std::less<>>& variables);

  /// The value, or none if the variable is unset. A view is valid until the variable is hidden.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
  [[nodiscard]] std::string_view get_or(std::string_view name, std::string_view fallback) const {
    return get(name).value_or(fallback);
  }
  /// The value itself, not a copy of it; empty if the variable is unset.
  [[nodiscard]] SharedBytes share(std::string_view name) const;
  /// All variables, empty ones included.
  [[nodiscard]] const Values& all() const { return values_; }

  /// Moves the values of these variables to memory that is wiped, and overwrites them where the kernel put them, so
  /// that neither /proc/PID/environ nor getenv(3) shows them. Equal values are kept once.
  void hide(std::span<const std::string> names);
  /// Programs that this process runs do not get the variable.
  void withhold(std::string_view name) { withheld_ = name; }
  [[nodiscard]] Environment for_programs() const;

 private:
  Environment() = default;

  Values values_{};
  std::string withheld_{};
};

}  // namespace sma
