#pragma once

#include <cstdint>
#include <string>

namespace sma {

/// The first line on standard output, which says that the agent listens (specification §4.9).
[[nodiscard]] std::string start_line(bool as_version_3, std::uint16_t port);

}  // namespace sma
