#pragma once

#include "agent/client/agent_address.h"
#include "agent/configuration/command_line.h"

namespace sma {

/// The program as a client of the agent that runs beside it, with the same configuration and token, for images without
/// curl. Both functions return the exit code and report on standard error what went wrong.

/// `--health-check`: 0 if `/ping` is answered; with `ready` if `/ready` is, with 200.
[[nodiscard]] int check_health(bool ready, const AgentAccess& access);

/// `status`: what the running agent says of itself, as a table or, with `json`, as it is; with `watch` again and again,
/// until no agent answers. 0, or 1 if none answers.
[[nodiscard]] int show_status(const StatusRequest& request, const AgentAccess& access);

/// `get`: the secret's bytes on standard output.
[[nodiscard]] int get_secret(const GetRequest& request, const AgentAccess& access);

}  // namespace sma
