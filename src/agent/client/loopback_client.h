#pragma once

#include <memory>
#include <string_view>

#include "agent/client/agent_address.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/wiped_bytes.h"
#include "os/event_loop.h"

namespace sma {

struct LoopbackAnswer {
  int status = 0;
  WipedBytes body;
};

/// The header field that carries the token; no field if the token is empty.
struct TokenField {
  std::string_view name{};
  std::string_view token{};
};

/// One request to the running agent, with a plain blocking socket: the client side is small and needs no event loop. In
/// two steps, so that several requests can be under way. Faults: no program listens there, or one that
/// a client may not trust; no complete answer has come by `deadline`.
class AgentCall {
 public:
  AgentCall(AgentAddress address, const Clocks& clocks, TimePoint deadline);
  AgentCall(AgentCall&&) noexcept;
  AgentCall& operator=(AgentCall&&) = delete;
  ~AgentCall();

  Result<Done> send(std::string_view target, TokenField field);
  Result<LoopbackAnswer> receive();

 private:
  class Conversation;

  AgentAddress address_;
  std::unique_ptr<Conversation> conversation_;
};

/// Both steps.
[[nodiscard]] Result<LoopbackAnswer> ask_agent(const AgentAddress& address, std::string_view target, TokenField field,
                                               const Clocks& clocks, TimePoint deadline);

}  // namespace sma
