#include "os/listening_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace sma {
namespace {

constexpr int kBacklog = 1024;
/// Bytes that the kernel holds for a client that does not read; it takes twice this number, and without it 4 MiB.
constexpr int kSendBuffer = 16 << 10;

Fault cannot_listen(std::uint16_t port) {
  const char* reason = std::strerror(errno);
  return Fault::internal("cannot listen on 127.0.0.1:" + std::to_string(port) + ": " + reason);
}

}  // namespace

Result<ListeningSocket> listen_on_loopback(std::uint16_t port) {
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return cannot_listen(port);
  const int on = 1;
  const int ttl = 1;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // Inherited by accepted sockets, which saves calls for each.
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof kSendBuffer);
  if (setsockopt(socket.get(), IPPROTO_IP, IP_TTL, &ttl, sizeof ttl) != 0) return cannot_listen(port);

  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(socket.get(), generic, size) != 0 || listen(socket.get(), kBacklog) != 0 ||
      getsockname(socket.get(), generic, &size) != 0)
    return cannot_listen(port);
  return ListeningSocket{std::move(socket), ntohs(address.sin_port)};
}

}  // namespace sma
