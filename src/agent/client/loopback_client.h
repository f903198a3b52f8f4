#pragma once

#include <cstdint>
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

/// The header field that carries the token; no field if the name is empty.
struct TokenField {
  std::string_view name{};
  std::string_view token{};
};

/// Asks the running agent on 127.0.0.1:`port`, with a plain blocking socket: the client side is small and needs no
/// event loop. Faults: nobody listens there, or no complete answer has come by `deadline`.
[[nodiscard]] Result<LoopbackAnswer> ask_agent(std::uint16_t port, std::string_view target, TokenField field,
                                               const Clocks& clocks, TimePoint deadline);

}  // namespace sma
