#pragma once

#include "agent/client/agent_address.h"
#include "agent/client/exec_request.h"
#include "os/start_state.h"

namespace sma {

/// `exec`: fetches the secrets that the environment and the options name, and becomes the command, which then has this
/// process's id, and limits and signals as `start_state` had them. Returns only if that failed, with the exit code,
/// after a report on standard error: 1 if the environment could not be made, 126 if the command cannot be run, 127 if
/// there is none.
[[nodiscard]] int exec_command(const ExecRequest& request, const AgentAccess& access, const StartState& start_state);

}  // namespace sma
