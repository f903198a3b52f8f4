#pragma once

#include <string>
#include <vector>

#include "os/listening_socket.h"
#include "os/unix_listener.h"

namespace sma {

/// Where clients reach the agent, `http://127.0.0.1:PORT` first, then `unix:PATH`. One of them may be missing.
[[nodiscard]] std::vector<std::string> client_addresses(const ListeningSockets& tcp, const UnixListener& local);

/// The first line on standard output, which says that the agent listens (specification §4.9).
[[nodiscard]] std::string start_line(bool as_version_3, const std::string& address);

}  // namespace sma
