#pragma once

#include "agent/configuration/command_line.h"
#include "agent/configuration/settings_reader.h"
#include "base/environment.h"
#include "base/files.h"

namespace sma {

/// Runs the agent as a process, from token and port to the last log line. Returns the exit code: 0 after a signal; 1 if
/// the start failed, with the reason on standard error.
[[nodiscard]] int run_agent(const CommandLine& command_line, LoadedSettings loaded, Environment& environment,
                            Files& files);

}  // namespace sma
