#include "http_server/acceptor.h"

#include <sys/socket.h>

#include <cerrno>

#include "os/listening_socket.h"

namespace sma {
namespace {

/// In one turn, so that a burst of new connections does not delay the clients that are connected already.
constexpr int kAcceptsPerTurn = 16;
constexpr Milliseconds kPause{100};

bool is_unix_socket(const FileDescriptor& socket) {
  int domain = 0;
  socklen_t size = sizeof domain;
  return getsockopt(socket.get(), SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
}

}  // namespace

void Acceptor::open(FileDescriptor socket) {
  socket_ = std::move(socket);
  limits_each_ = is_unix_socket(socket_);
  resume();
}

void Acceptor::close() {
  pause();
  pause_over_.disarm();
  socket_.close();
}

void Acceptor::pause() {
  if (watching_) loop_.unwatch(socket_.get(), clients_waiting_);
  watching_ = false;
}

void Acceptor::resume() {
  if (watching_ || !socket_.valid()) return;
  pause_over_.disarm();
  watching_ = loop_.watch(socket_.get(), EPOLLIN, clients_waiting_).ok();
  if (!watching_) try_again_later();
}

void Acceptor::try_again_later() { pause_over_.arm(loop_.now() + kPause); }

void Acceptor::accept() {
  for (int accepted = 0; accepted < kAcceptsPerTurn && watching_; ++accepted) {
    FileDescriptor socket(accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.valid()) {
      if (limits_each_) limit_send_buffer(socket);
      listener_.on_accepted(std::move(socket));
      continue;
    }
    if (errno == EAGAIN) return;
    if (errno == ECONNABORTED || errno == EINTR) continue;
    // The machine is at fault, not this one connection, and the fault may last.
    pause();
    try_again_later();
  }
}

}  // namespace sma
