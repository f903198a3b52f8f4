#include "os/listening_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "base/whole_number.h"

namespace sma {
namespace {

constexpr int kSendBuffer = 16 << 10;  // bytes
/// How many ports that IPv4 has free are tried on IPv6.
constexpr int kPortTries = 10;

Fault cannot_listen(const std::string& address, std::uint16_t port, int error) {
  return Fault::internal("cannot listen on " + address + ":" + std::to_string(port) + ": " + std::strerror(error));
}

bool set(const FileDescriptor& socket, int level, int name, int value) {
  return setsockopt(socket.get(), level, name, &value, sizeof value) == 0;
}

bool keep_near(const FileDescriptor& socket, int family) {
  if (family == AF_INET) return set(socket, IPPROTO_IP, IP_TTL, 1);
  return set(socket, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 1) && set(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1);
}

/// Each of these returns false if it fails; errno then says why. All options are inherited by accepted sockets, which
/// saves calls for each.
bool open_socket(FileDescriptor& socket, int family) {
  socket = FileDescriptor(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return false;
  set(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  set(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  limit_send_buffer(socket);
  return true;
}

template <typename Address>
bool listen_at(const FileDescriptor& socket, const Address& address) {
  return bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
         listen(socket.get(), kListeningBacklog) == 0;
}

template <typename Address>
bool listen_nearby(FileDescriptor& socket, int family, const Address& address) {
  return open_socket(socket, family) && keep_near(socket, family) && listen_at(socket, address);
}

bool listen_widely(FileDescriptor& socket, const SocketAddress& at) {
  sockaddr_in6 ipv6{};
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = htons(at.port);
  sockaddr_in ipv4{};
  ipv4.sin_family = AF_INET;
  ipv4.sin_port = htons(at.port);
  if (inet_pton(AF_INET6, at.ip.c_str(), &ipv6.sin6_addr) == 1) {
    const bool both = IN6_IS_ADDR_UNSPECIFIED(&ipv6.sin6_addr);
    if (open_socket(socket, AF_INET6))
      return set(socket, IPPROTO_IPV6, IPV6_V6ONLY, both ? 0 : 1) && listen_at(socket, ipv6);
    if (!both || errno != EAFNOSUPPORT) return false;
  } else {
    inet_pton(AF_INET, at.ip.c_str(), &ipv4.sin_addr);
  }
  return open_socket(socket, AF_INET) && listen_at(socket, ipv4);
}

sockaddr_in ipv4_loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

sockaddr_in6 ipv6_loopback(std::uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  address.sin6_addr = IN6ADDR_LOOPBACK_INIT;
  return address;
}

std::uint16_t port_of(const FileDescriptor& socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

}  // namespace

void limit_send_buffer(const FileDescriptor& socket) { set(socket, SOL_SOCKET, SO_SNDBUF, kSendBuffer); }

Result<ListeningSockets> listen_on_loopback(std::uint16_t port) {
  // Kept until the end, so that another try finds another port.
  std::vector<FileDescriptor> half_free;
  for (int tries = 1;; ++tries) {
    ListeningSockets listening;
    if (!listen_nearby(listening.ipv4, AF_INET, ipv4_loopback(port))) return cannot_listen("127.0.0.1", port, errno);
    listening.port = port_of(listening.ipv4);
    if (listen_nearby(listening.ipv6, AF_INET6, ipv6_loopback(listening.port))) return listening;
    const int error = errno;
    if (error != EADDRINUSE) {
      listening.ipv6.close();
      listening.no_ipv6 = std::strerror(error);
      return listening;
    }
    if (port != 0 || tries == kPortTries) return cannot_listen("[::1]", listening.port, error);
    half_free.push_back(std::move(listening.ipv4));
  }
}

std::string SocketAddress::text() const {
  const bool is_ipv6 = ip.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + ip + "]" : ip) + ":" + std::to_string(port);
}

std::optional<SocketAddress> parse_socket_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  const auto port = whole_number<std::uint16_t>(text.substr(colon + 1));
  if (!port || (*port != 0 && *port < 1024)) return std::nullopt;
  std::string_view ip = text.substr(0, colon);
  const bool bracketed = ip.size() > 2 && ip.starts_with('[') && ip.ends_with(']');
  if (bracketed) ip = ip.substr(1, ip.size() - 2);
  SocketAddress address{std::string(ip), *port};
  in6_addr parsed{};
  if (inet_pton(bracketed ? AF_INET6 : AF_INET, address.ip.c_str(), &parsed) != 1) return std::nullopt;
  return address;
}

Result<ListeningSocket> listen_on_address(SocketAddress address) {
  ListeningSocket listening{.address = std::move(address)};
  if (!listen_widely(listening.socket, listening.address))
    return Fault::internal("cannot listen on " + listening.address.text() + ": " + std::strerror(errno));
  listening.address.port = port_of(listening.socket);
  return listening;
}

}  // namespace sma
