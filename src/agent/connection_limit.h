#pragma once

#include <cstddef>

#include "base/log.h"

namespace sma {

/// `max_conn`, or fewer connections if `descriptors`, the limit of open files, is too low for it; then with a warning
/// in the log. At least 1.
[[nodiscard]] std::size_t fitting_connections(std::size_t max_conn, std::size_t descriptors, Log& log);

}  // namespace sma
