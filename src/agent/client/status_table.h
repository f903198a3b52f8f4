#pragma once

#include <optional>
#include <string>

#include "base/wiped_bytes.h"

namespace sma {

/// The agent's answer to `GET /status` for a person: lines of 80 columns at most. None if it is not such an answer.
[[nodiscard]] std::optional<std::string> status_table(WipedBytes answer);

}  // namespace sma
