#pragma once

#include <cstddef>

#include "agent/configuration/settings.h"
#include "base/log.h"

namespace sma {

/// `max_conn`, or fewer connections if `descriptors`, the limit of open files, is too low for all that the settings ask
/// for; then with a warning in the log. At least 1.
[[nodiscard]] std::size_t fitting_connections(const Settings& settings, std::size_t descriptors, Log& log);

}  // namespace sma
