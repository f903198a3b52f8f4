#pragma once

#include <cstdint>
#include <string>

namespace sma {

/// The first line on standard output, which says that the agent listens (specification §4.9).
[[nodiscard]] std::string start_line(bool as_version_3, std::uint16_t port);

/// Writes a line to standard output, unless it is closed or a pipe that is full: neither keeps the agent from serving.
void print_line(std::string line);

}  // namespace sma
