#include "os/listening_socket.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <string>

namespace sma {
namespace {

int option(const FileDescriptor& socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  getsockopt(socket.get(), level, name, &value, &size);
  return value;
}

sockaddr_in own_address(const FileDescriptor& socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return address;
}

TEST_CASE("the agent listens on 127.0.0.1 alone, without blocking, and on a free port if 0 is asked for") {
  const auto listening = listen_on_loopback(0);
  REQUIRE(listening.ok());
  const sockaddr_in address = own_address(listening->descriptor);
  CHECK(address.sin_family == AF_INET);
  CHECK(ntohl(address.sin_addr.s_addr) == INADDR_LOOPBACK);
  CHECK(ntohs(address.sin_port) == listening->port);
  CHECK(listening->port != 0);
  CHECK((fcntl(listening->descriptor.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((fcntl(listening->descriptor.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("accepted sockets inherit what keeps answers near, prompt and small in the kernel's memory") {
  const auto listening = listen_on_loopback(0);
  REQUIRE(listening.ok());
  const FileDescriptor client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = own_address(listening->descriptor);
  REQUIRE(connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const FileDescriptor accepted(accept(listening->descriptor.get(), nullptr, nullptr));
  REQUIRE(accepted.valid());
  CHECK(option(accepted, IPPROTO_IP, IP_TTL) == 1);
  CHECK(option(accepted, IPPROTO_TCP, TCP_NODELAY) != 0);
  CHECK(option(accepted, SOL_SOCKET, SO_SNDBUF) == 32 << 10);
}

TEST_CASE("a port that is taken is a fault that names it") {
  const auto first = listen_on_loopback(0);
  REQUIRE(first.ok());
  const auto second = listen_on_loopback(first->port);
  REQUIRE_FALSE(second.ok());
  CHECK(second.fault().message ==
        "cannot listen on 127.0.0.1:" + std::to_string(first->port) + ": Address already in use");
}

}  // namespace
}  // namespace sma
