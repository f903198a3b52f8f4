#include "tests/unit/base/counted_calls.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

// What the linker calls the original and the replacement of a wrapped function.
#define SMA_WRAPPED(result, name, ...)                                    \
  extern "C" result real_##name(__VA_ARGS__) __asm__("__real_" #name);    \
  extern "C" result counted_##name(__VA_ARGS__) __asm__("__wrap_" #name); \
  result counted_##name(__VA_ARGS__)

namespace {

thread_local sma::CallCounts counts;
thread_local bool epoll_is_full = false;

}  // namespace

SMA_WRAPPED(void*, malloc, std::size_t size) {
  ++counts.allocations;
  return real_malloc(size);
}
SMA_WRAPPED(void*, calloc, std::size_t count, std::size_t size) {
  ++counts.allocations;
  return real_calloc(count, size);
}
SMA_WRAPPED(void*, realloc, void* memory, std::size_t size) {
  ++counts.allocations;
  return real_realloc(memory, size);
}

SMA_WRAPPED(ssize_t, read, int descriptor, void* bytes, std::size_t size) {
  ++counts.reads;
  return real_read(descriptor, bytes, size);
}
SMA_WRAPPED(ssize_t, writev, int descriptor, const iovec* parts, int count) {
  ++counts.writes;
  const iovec& last = parts[count - 1];
  counts.last_written = {static_cast<const char*>(last.iov_base), last.iov_len};
  return real_writev(descriptor, parts, count);
}
SMA_WRAPPED(int, accept4, int descriptor, sockaddr* address, socklen_t* size, int flags) {
  ++counts.accepts;
  return real_accept4(descriptor, address, size, flags);
}
SMA_WRAPPED(int, close, int descriptor) {
  ++counts.closes;
  return real_close(descriptor);
}
SMA_WRAPPED(int, epoll_wait, int descriptor, epoll_event* events, int count, int timeout) {
  ++counts.waits;
  return real_epoll_wait(descriptor, events, count, timeout);
}
SMA_WRAPPED(int, epoll_ctl, int descriptor, int operation, int watched, epoll_event* event) {
  ++counts.registrations;
  if (epoll_is_full && operation == EPOLL_CTL_ADD) {
    errno = ENOSPC;
    return -1;
  }
  return real_epoll_ctl(descriptor, operation, watched, event);
}

SMA_WRAPPED(ssize_t, write, int descriptor, const void* bytes, std::size_t size) {
  ++counts.others;
  return real_write(descriptor, bytes, size);
}
SMA_WRAPPED(ssize_t, send, int descriptor, const void* bytes, std::size_t size, int flags) {
  ++counts.others;
  return real_send(descriptor, bytes, size, flags);
}
SMA_WRAPPED(ssize_t, recv, int descriptor, void* bytes, std::size_t size, int flags) {
  ++counts.others;
  return real_recv(descriptor, bytes, size, flags);
}
SMA_WRAPPED(int, shutdown, int descriptor, int how) {
  ++counts.others;
  return real_shutdown(descriptor, how);
}
SMA_WRAPPED(int, setsockopt, int descriptor, int level, int name, const void* value, socklen_t size) {
  ++counts.others;
  return real_setsockopt(descriptor, level, name, value, size);
}

namespace sma {

CallCounts counted_calls() { return counts; }

FullEpoll::FullEpoll() { epoll_is_full = true; }
FullEpoll::~FullEpoll() { epoll_is_full = false; }

}  // namespace sma
