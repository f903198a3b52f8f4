#pragma once

#include "agent/configuration/command_line.h"
#include "agent/configuration/settings.h"
#include "base/environment.h"
#include "base/files.h"

namespace sma {

/// The binary as its own client, where no curl is at hand: asks the agent that runs beside it, with the same
/// configuration and token. Both give the exit code, and say on standard error what went wrong.

/// `--health-check`: 0 where `/ping` is answered.
[[nodiscard]] int check_health(const Settings& settings);

/// `get`: the secret's bytes on standard output.
[[nodiscard]] int get_secret(const GetRequest& request, const Settings& settings, const Environment& environment,
                             const Files& files);

}  // namespace sma
