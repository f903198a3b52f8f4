#pragma once

#include <cstdint>
#include <memory>
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

/// One request to the running agent on 127.0.0.1:`port`, with a plain blocking socket: the client side is small and
/// needs no event loop. In two steps, so that several requests can be under way. Faults: nobody listens there, or no
/// complete answer has come by `deadline`.
class AgentCall {
 public:
  AgentCall(std::uint16_t port, const Clocks& clocks, TimePoint deadline);
  AgentCall(AgentCall&&) noexcept;
  AgentCall& operator=(AgentCall&&) = delete;
  ~AgentCall();

  Result<Done> send(std::string_view target, TokenField field);
  Result<LoopbackAnswer> receive();

 private:
  class Conversation;

  std::uint16_t port_;
  std::unique_ptr<Conversation> conversation_;
};

/// Both steps.
[[nodiscard]] Result<LoopbackAnswer> ask_agent(std::uint16_t port, std::string_view target, TokenField field,
                                               const Clocks& clocks, TimePoint deadline);

}  // namespace sma
