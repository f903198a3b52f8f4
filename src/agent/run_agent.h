#pragma once

#include "agent/configuration/command_line.h"
#include "agent/configuration/settings_reader.h"
#include "base/environment.h"
#include "base/files.h"

namespace sma {

/// Runs the agent as a process, from token and port to the last log line. Gives the exit code: 0 after a signal, 1
/// where the start failed, which standard error then says why.
[[nodiscard]] int run_agent(const CommandLine& command_line, LoadedSettings loaded, Environment& environment,
                            const Files& files);

}  // namespace sma
