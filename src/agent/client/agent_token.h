#pragma once

#include <string>

#include "agent/client/agent_address.h"
#include "agent/client/loopback_client.h"
#include "agent/configuration/ssrf_token.h"
#include "base/result.h"

namespace sma {

/// The token that a client command asks the agent with: over TCP only, because the Unix socket needs none.
class AgentToken {
 public:
  /// `access` must outlive this object.
  explicit AgentToken(const AgentAccess& access) : access_(access) {}

  /// For each try, because the agent may have a new one. The field is valid until the next call. Warnings about the
  /// token are printed on standard error, the first time only. A fault says why there is no token yet.
  Result<TokenField> read();

  /// `STATUS BODY` for a person. If the agent refused the token: also where the token came from, and never the token.
  [[nodiscard]] std::string words_of(const LoopbackAnswer& answer) const;

 private:
  const AgentAccess& access_;
  SsrfToken token_{};
  bool has_warned_ = false;
};

}  // namespace sma
