#include "tests/standin/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace sma::standin {

namespace {

[[noreturn]] void fail(const std::string& address) {
  throw std::runtime_error("cannot listen on " + address + ": " + std::strerror(errno));
}

}  // namespace

Listener::Listener(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) throw std::runtime_error("an address is ADDRESS:PORT, not " + address);
  std::string host = address.substr(0, colon);
  const auto port = htons(static_cast<std::uint16_t>(std::atoi(address.c_str() + colon + 1)));
  const bool six = host.starts_with('[') && host.ends_with(']');
  sockaddr_in6 in6{};
  sockaddr_in in4{};
  in6.sin6_family = AF_INET6;
  in6.sin6_port = port;
  in4.sin_family = AF_INET;
  in4.sin_port = port;
  const int parsed = six ? inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &in6.sin6_addr)
                         : inet_pton(AF_INET, host.c_str(), &in4.sin_addr);
  if (parsed != 1) throw std::runtime_error("not a numeric address: " + host);

  auto* name = six ? reinterpret_cast<sockaddr*>(&in6) : reinterpret_cast<sockaddr*>(&in4);
  socklen_t size = six ? sizeof in6 : sizeof in4;
  fd_ = socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (fd_ < 0 || bind(fd_, name, size) != 0 || listen(fd_, 4096) != 0 || getsockname(fd_, name, &size) != 0) {
    const int reason = errno;
    if (fd_ >= 0) close(fd_);
    errno = reason;
    fail(address);
  }
  port_ = ntohs(six ? in6.sin6_port : in4.sin_port);
  address_ = host + ':' + std::to_string(port_);
}

Listener::~Listener() { close(fd_); }

int Listener::accept() const {
  for (;;) {
    const int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) {
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return fd;
    }
    if (errno != EINTR && errno != ECONNABORTED && errno != EMFILE) return -1;
  }
}

void Listener::shut_down() const { shutdown(fd_, SHUT_RDWR); }

}  // namespace sma::standin
