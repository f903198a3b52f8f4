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
#include "os/unix_listener.h"

namespace sma {

/// What clients need before they can ask the agent.
struct ClientAccess {
  SharedBytes token{};  ///< empty: none is configured, and only the Unix socket is open
  SsrfTokenFile token_file{};
  ListeningSockets listening{};
  UnixListener local{};       ///< its socket is not valid if none is configured
  ListeningSocket metrics{};  ///< likewise, of `metrics_address`
};

/// False if clients may do without a token: there is a Unix socket, and no variable is set that would hold or name one.
[[nodiscard]] bool needs_token(const CommandLine& command_line, const Settings& settings,
                               const Environment& environment);

/// A fault if `--token-group` is given and nothing would get that group.
[[nodiscard]] Result<Done> check_use_of_group(const CommandLine& command_line, const Settings& settings);

/// Creates the token's file if the command line asks for that, reads the token, and listens. If there is a Unix
/// socket and no token is configured, TCP is not opened. Warnings are logged. Faults: those of `create_ssrf_token`,
/// `find_ssrf_token`, `listen_on_loopback`, `listen_on_unix`, `listen_on_address` and `check_use_of_group`.
[[nodiscard]] Result<ClientAccess> open_client_access(const CommandLine& command_line, const Settings& settings,
                                                      const Environment& environment, const Files& files, Log& log);

}  // namespace sma
