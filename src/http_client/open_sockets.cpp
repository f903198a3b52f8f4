#include "http_client/open_sockets.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace sma {

curl_socket_t OpenSockets::open(CallId call, const curl_sockaddr& address) {
  const curl_socket_t descriptor = socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
  if (descriptor != CURL_SOCKET_BAD) sockets_.insert_or_assign(descriptor, Socket{.call = call});
  return descriptor;
}

void OpenSockets::close(curl_socket_t socket) {
  sockets_.erase(socket);
  ::close(socket);
}

void OpenSockets::look_at(curl_socket_t socket) {
  if (const auto found = sockets_.find(socket); found != sockets_.end()) look_at(found->first, found->second);
}

void OpenSockets::look_at(curl_socket_t descriptor, Socket& socket) {
  if (socket.connected) return;
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) == 0) socket.connected = scheduler_.now();
}

std::optional<TimePoint> OpenSockets::connected_at(CallId call) {
  std::optional<TimePoint> first;
  for (auto& [descriptor, socket] : sockets_) {
    if (socket.call != call) continue;
    look_at(descriptor, socket);
    if (socket.connected) first = std::min(first.value_or(*socket.connected), *socket.connected);
  }
  return first;
}

}  // namespace sma
