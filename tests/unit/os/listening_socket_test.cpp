#include "os/listening_socket.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <string>
#include <utility>

namespace sma {
namespace {

bool has_ipv6() {
  const auto listening = listen_on_loopback(0);
  REQUIRE(listening.ok());
  if (!listening->ipv6.valid()) MESSAGE("skipped: no IPv6: ", listening->no_ipv6);
  return listening->ipv6.valid();
}

int option(const FileDescriptor& socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  getsockopt(socket.get(), level, name, &value, &size);
  return value;
}

template <typename Address = sockaddr_in>
Address own_address(const FileDescriptor& socket) {
  Address address{};
  socklen_t size = sizeof address;
  getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return address;
}

TEST_CASE("the agent listens on 127.0.0.1, without blocking, and on a free port if 0 is asked for") {
  const auto listening = listen_on_loopback(0);
  REQUIRE(listening.ok());
  const sockaddr_in address = own_address(listening->ipv4);
  CHECK(address.sin_family == AF_INET);
  CHECK(ntohl(address.sin_addr.s_addr) == INADDR_LOOPBACK);
  CHECK(ntohs(address.sin_port) == listening->port);
  CHECK(listening->port != 0);
  CHECK((fcntl(listening->ipv4.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((fcntl(listening->ipv4.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("accepted sockets inherit what keeps answers near, prompt and small in the kernel's memory") {
  const auto listening = listen_on_loopback(0);
  REQUIRE(listening.ok());
  const FileDescriptor client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = own_address(listening->ipv4);
  REQUIRE(connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const FileDescriptor accepted(accept(listening->ipv4.get(), nullptr, nullptr));
  REQUIRE(accepted.valid());
  CHECK(option(accepted, IPPROTO_IP, IP_TTL) == 1);
  CHECK(option(accepted, IPPROTO_TCP, TCP_NODELAY) != 0);
  CHECK(option(accepted, SOL_SOCKET, SO_SNDBUF) == 32 << 10);
}

TEST_CASE("it listens on the same port of [::1], without blocking and for IPv6 only") {
  if (!has_ipv6()) return;
  const auto listening = listen_on_loopback(0);
  REQUIRE(listening.ok());
  const auto address = own_address<sockaddr_in6>(listening->ipv6);
  CHECK(address.sin6_family == AF_INET6);
  CHECK(IN6_IS_ADDR_LOOPBACK(&address.sin6_addr));
  CHECK(ntohs(address.sin6_port) == listening->port);
  CHECK(option(listening->ipv6, IPPROTO_IPV6, IPV6_V6ONLY) == 1);
  CHECK((fcntl(listening->ipv6.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((fcntl(listening->ipv6.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(listening->no_ipv6.empty());
}

TEST_CASE("sockets accepted on [::1] inherit the same") {
  if (!has_ipv6()) return;
  const auto listening = listen_on_loopback(0);
  REQUIRE(listening.ok());
  const FileDescriptor client(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = own_address<sockaddr_in6>(listening->ipv6);
  REQUIRE(connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const FileDescriptor accepted(accept(listening->ipv6.get(), nullptr, nullptr));
  REQUIRE(accepted.valid());
  CHECK(option(accepted, IPPROTO_IPV6, IPV6_UNICAST_HOPS) == 1);
  CHECK(option(accepted, IPPROTO_IPV6, IPV6_V6ONLY) == 1);
  CHECK(option(accepted, IPPROTO_TCP, TCP_NODELAY) != 0);
  CHECK(option(accepted, SOL_SOCKET, SO_SNDBUF) == 32 << 10);
}

TEST_CASE("a port that is taken on [::1] alone is a fault that names it") {
  if (!has_ipv6()) return;
  auto first = listen_on_loopback(0);
  REQUIRE(first.ok());
  first->ipv4.close();
  const auto second = listen_on_loopback(first->port);
  REQUIRE_FALSE(second.ok());
  CHECK(second.fault().message == "cannot listen on [::1]:" + std::to_string(first->port) + ": Address already in use");
}

TEST_CASE("a port that is taken is a fault that names it") {
  const auto first = listen_on_loopback(0);
  REQUIRE(first.ok());
  const auto second = listen_on_loopback(first->port);
  REQUIRE_FALSE(second.ok());
  CHECK(second.fault().message ==
        "cannot listen on 127.0.0.1:" + std::to_string(first->port) + ": Address already in use");
}

TEST_CASE("an address to listen on is numeric, IPv6 in brackets, with a port that no other program should own") {
  for (const char* text : {"127.0.0.1:9772", "0.0.0.0:0", "[::]:9772", "[::1]:65535", "[fd00::5]:1024"}) {
    const auto address = parse_socket_address(text);
    REQUIRE_MESSAGE(address, text);
    CHECK(address->text() == text);
  }
  for (const char* text : {"", ":9772", "9772", "127.0.0.1", "localhost:9772", "::1:9772", "[::1]", "[127.0.0.1]:9772",
                           "127.0.0.1:80", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+9772", "127.0.0.1: 9772",
                           "[]:9772", "[::]:", "127.1:9772", "[::1%lo]:9772", "http://127.0.0.1:9772"})
    CHECK_FALSE_MESSAGE(parse_socket_address(text), text);
}

TEST_CASE("a listener for other machines has the usual hop limit and its own family, or both") {
  const auto ipv4 = listen_on_address({"127.0.0.1", 0});
  REQUIRE(ipv4.ok());
  CHECK(ipv4->address.port != 0);
  CHECK(option(ipv4->socket, IPPROTO_IP, IP_TTL) > 1);
  const auto taken = listen_on_address(ipv4->address);
  REQUIRE_FALSE(taken.ok());
  CHECK(taken.fault().message == "cannot listen on " + ipv4->address.text() + ": Address already in use");
  const auto all = listen_on_address({"::", 0});
  REQUIRE(all.ok());
  CHECK_FALSE(listen_on_address({"127.0.0.1", all->address.port}).ok());
  if (!has_ipv6()) return;
  CHECK(option(all->socket, IPPROTO_IPV6, IPV6_V6ONLY) == 0);
  CHECK(option(all->socket, IPPROTO_IPV6, IPV6_UNICAST_HOPS) > 1);
  const auto ipv6 = listen_on_address({"::1", 0});
  REQUIRE(ipv6.ok());
  CHECK(option(ipv6->socket, IPPROTO_IPV6, IPV6_V6ONLY) == 1);
}

}  // namespace
}  // namespace sma
