#pragma once

#include <cstdint>
#include <string>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace sma {

/// How many clients may wait to be accepted.
inline constexpr int kListeningBacklog = 1024;

/// Bounds what the kernel holds for a client that does not read: it takes twice 16 KiB, and without it up to 4 MiB.
void limit_send_buffer(const FileDescriptor& socket);

struct ListeningSockets {
  FileDescriptor ipv4;     ///< on 127.0.0.1
  FileDescriptor ipv6;     ///< on [::1]; not valid if this machine has no IPv6
  std::uint16_t port = 0;  ///< of both, also if 0 was asked for
  std::string no_ipv6{};   ///< why `ipv6` is not valid
};

/// Listens on 127.0.0.1:`port` and [::1]:`port` (0: a port that is free on both), non-blocking. The hop limit is 1, and
/// accepted sockets inherit it: an answer cannot leave the network namespace. A port that is taken on either address is
/// a fault that names it: many clients try ::1 first for `localhost`, and would send the token to its other owner. If
/// there is no IPv6, nobody can listen there.
[[nodiscard]] Result<ListeningSockets> listen_on_loopback(std::uint16_t port);

}  // namespace sma
