#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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

/// A numeric address and a port, and how a URL has them: `127.0.0.1:9772`, `[::]:9772`.
struct SocketAddress {
  std::string ip;  ///< without brackets
  std::uint16_t port = 0;

  [[nodiscard]] std::string text() const;
};

/// None for a name, for IPv6 without brackets, for a missing port, and for one below 1024 that is not 0 (any free one).
[[nodiscard]] std::optional<SocketAddress> parse_socket_address(std::string_view text);

struct ListeningSocket {
  FileDescriptor socket{};  ///< not valid: there is none
  SocketAddress address{};  ///< with the port that it got
};

/// Listens on one address of this machine, non-blocking, for clients of other machines too: the hop limit is the usual
/// one. `[::]` is all addresses of both families; if there is no IPv6, all of IPv4. The fault names the address.
[[nodiscard]] Result<ListeningSocket> listen_on_address(SocketAddress address);

}  // namespace sma
