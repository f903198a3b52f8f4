#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/wiped_bytes.h"
#include "os/event_loop.h"

namespace sma {

struct LoopbackAnswer {
  int status = 0;
  WipedBytes body;
};

/// Asks the running agent on 127.0.0.1:`port`, with a plain blocking socket: this side must be small, and work where
/// nothing else is set up. `field` and `token` make one field of the request; none where `field` is empty. A fault
/// where nobody listens there, or no whole answer has come by `deadline`.
[[nodiscard]] Result<LoopbackAnswer> ask_agent(std::uint16_t port, std::string_view target, std::string_view field,
                                               std::string_view token, const Clocks& clocks, TimePoint deadline);

}  // namespace sma
