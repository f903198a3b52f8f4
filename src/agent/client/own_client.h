#pragma once

#include "agent/configuration/command_line.h"
#include "agent/configuration/settings.h"
#include "base/environment.h"
#include "base/files.h"

namespace sma {

/// The program as a client of the agent that runs beside it, with the same configuration and token, for images without
/// curl. Both functions return the exit code and report on standard error what went wrong.

/// `--health-check`: 0 if `/ping` is answered.
[[nodiscard]] int check_health(const Settings& settings);

/// `get`: the secret's bytes on standard output.
[[nodiscard]] int get_secret(const GetRequest& request, const Settings& settings, const Environment& environment,
                             const Files& files);

}  // namespace sma
