#pragma once

#include <cstdint>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace sma {

struct ListeningSocket {
  FileDescriptor descriptor;
  std::uint16_t port = 0;  ///< the one in use, also if 0 was asked for
};

/// Listens on 127.0.0.1:`port` (0: any free one), non-blocking. IP TTL is 1, and accepted sockets inherit it: an answer
/// cannot leave the network namespace. A port that is taken is a fault that names it.
[[nodiscard]] Result<ListeningSocket> listen_on_loopback(std::uint16_t port);

}  // namespace sma
