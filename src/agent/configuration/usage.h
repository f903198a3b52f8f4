#pragma once

#include <string>

namespace sma {

/// What `--help` prints, whole lines.
[[nodiscard]] std::string usage();

}  // namespace sma
