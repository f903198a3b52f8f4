#pragma once

#include <cstddef>

namespace sma {

/// Raises the soft limit of open descriptors to the hard one (RLIMIT_NOFILE) and returns the limit in force.
[[nodiscard]] std::size_t raise_descriptor_limit();

}  // namespace sma
