#pragma once

#include "agent/configuration/command_line.h"
#include "agent/configuration/settings_reader.h"
#include "base/environment.h"
#include "base/files.h"

namespace sma {

/// `--check-config`: checks all that the start checks without asking anybody, and prints the settings in force; with
/// `--online` then asks AWS who the agent is and whether the prefetched secrets can be read, and prints a table.
/// Starts nothing, opens no port and writes no file. Returns the exit code: 1 if the start would fail, or if a call was
/// refused. Reasons and warnings go to standard error.
[[nodiscard]] int check_start(const CommandLine& command_line, LoadedSettings loaded, Environment& environment,
                              Files& files);

}  // namespace sma
