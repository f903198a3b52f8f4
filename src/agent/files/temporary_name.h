#pragma once

#include <string>
#include <string_view>

#include "base/random.h"

namespace sma {

/// The name of a file that is not complete yet, hidden and never used before. If the agent is killed, the file stays:
/// `is_temporary_name` tells it from all others.
[[nodiscard]] std::string temporary_name(Random& random);

[[nodiscard]] bool is_temporary_name(std::string_view name);

}  // namespace sma
