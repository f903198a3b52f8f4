#pragma once

#include <optional>

#include "agent/configuration/settings.h"
#include "base/environment.h"
#include "base/files.h"
#include "base/log.h"
#include "os/sandbox.h"

namespace sma {

/// The sandbox that fits the settings; none, with a line in the log that says why, if it is switched off or if the
/// active profile runs a program for its credentials.
[[nodiscard]] std::optional<Sandbox> choose_sandbox(const Settings& settings, const Environment& environment,
                                                    const Files& files, Log& log);

}  // namespace sma
