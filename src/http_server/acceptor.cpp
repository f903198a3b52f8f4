#include "http_server/acceptor.h"

#include <sys/socket.h>

#include <cerrno>

namespace sma {
namespace {

/// In one turn, so that a storm of connections does not hold up the clients that are there.
constexpr int kAcceptsPerTurn = 16;
constexpr Milliseconds kPause{100};

}  // namespace

void Acceptor::open(FileDescriptor socket) {
  socket_ = std::move(socket);
  resume();
}

void Acceptor::close() {
  pause();
  disarm();
  socket_.close();
}

void Acceptor::pause() {
  if (watching_) loop_.unwatch(socket_.get(), *this);
  watching_ = false;
}

void Acceptor::resume() {
  if (watching_ || !socket_.valid()) return;
  disarm();
  watching_ = loop_.watch(socket_.get(), EPOLLIN, *this).ok();
  if (!watching_) arm(loop_.now() + kPause);
}

void Acceptor::accept() {
  for (int accepted = 0; accepted < kAcceptsPerTurn && watching_; ++accepted) {
    FileDescriptor socket(accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.valid()) {
      listener_.on_accepted(std::move(socket));
      continue;
    }
    if (errno == EAGAIN) return;
    if (errno == ECONNABORTED || errno == EINTR) continue;
    // The fault is the machine's, not that of the one connection, and may last.
    pause();
    arm(loop_.now() + kPause);
  }
}

}  // namespace sma
