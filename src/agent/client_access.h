#pragma once

#include "agent/configuration/command_line.h"
#include "agent/configuration/settings.h"
#include "agent/configuration/ssrf_token.h"
#include "base/environment.h"
#include "base/files.h"
#include "base/log.h"
#include "base/result.h"
#include "base/shared_bytes.h"
#include "os/listening_socket.h"

namespace sma {

/// What clients need before they can ask the agent.
struct ClientAccess {
  SharedBytes token;
  SsrfTokenFile token_file;
  ListeningSockets listening;
};

/// Creates the token's file if the command line asks for that, reads the token, and listens. Warnings of the token are
/// logged. Faults: those of
/// `create_ssrf_token`, `find_ssrf_token` and `listen_on_loopback`.
[[nodiscard]] Result<ClientAccess> open_client_access(const CommandLine& command_line, const Settings& settings,
                                                      const Environment& environment, const Files& files, Log& log);

}  // namespace sma
