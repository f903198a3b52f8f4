#pragma once

#include <string>
#include <vector>

#include "agent/client/agent_address.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/wiped_bytes.h"
#include "secrets/secret.h"

namespace sma {

/// The path and query that ask for a secret.
[[nodiscard]] std::string secret_target(const SecretKeyView& key);

/// The agent answered with a status that another request may not get: a token that is not there yet, or AWS's fault.
[[nodiscard]] inline bool may_change(int status) { return status == 403 || status == 429 || status >= 500; }

/// Asks the agent for all of `secrets`, side by side, and again for those that are not there for a reason that may
/// pass, until `wait` is over: no token yet, no agent yet, 403, 429 or 5xx. A secret that will not come ends the
/// waiting for the others. In the order of `secrets`: the agent's answers as JSON, or why there is none.
[[nodiscard]] std::vector<Result<WipedBytes>> fetch_secrets(const std::vector<SecretKey>& secrets,
                                                            const AgentAccess& access, Seconds wait);

}  // namespace sma
