#pragma once

#include <string>

#include "aws/credentials/credentials.h"
#include "base/files.h"
#include "base/scheduler.h"
#include "os/child_process.h"

namespace sma {

/// Runs `command` and reads the credentials it prints: a JSON object with `Version` 1, `AccessKeyId`,
/// `SecretAccessKey`, and optionally `SessionToken` and `Expiration`; without the latter they never expire. It has 60
/// seconds. What it prints is never shown. Source: AWS SDKs and Tools Reference Guide, "Process credential provider".
///
/// If a folder of PATH has `sh`, the command is run by `sh -c`, as by the AWS SDK for Rust. Otherwise (an image from
/// scratch) it is split into words, and what only a shell understands is a fault that names it.
[[nodiscard]] Task<Result<Credentials>> run_credential_process(ProcessRunner* runner, const Files* files,
                                                               Environment environment, const Scheduler* scheduler,
                                                               std::string command, TimePoint deadline);

}  // namespace sma
