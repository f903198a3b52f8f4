#pragma once

#include "agent/configuration/settings.h"
#include "os/event_loop.h"
#include "os/log_writer.h"

namespace sma {

/// The folder of the log files, in the working directory.
inline constexpr const char* kLogFolder = "logs";

/// Writes to a file with the name that the AWS agent of that version gives it, or to standard output.
[[nodiscard]] LogWriter open_agent_log(EventLoop& loop, const Settings& settings, bool as_version_3);

}  // namespace sma
