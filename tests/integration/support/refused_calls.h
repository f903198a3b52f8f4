#pragma once

#include <optional>
#include <string>
#include <vector>

namespace sma::integration {

/// A wrapper for AgentSettings: the program's system calls `first` to `last` are answered with `error`.
[[nodiscard]] std::vector<std::string> refusing_calls(long first, long last, int error);

/// For main(): if this program was started as that wrapper, installs the filter and becomes the program. Returns the
/// exit code if that fails; none if it was not started so.
[[nodiscard]] std::optional<int> run_as_wrapper(int argc, char** argv);

}  // namespace sma::integration
