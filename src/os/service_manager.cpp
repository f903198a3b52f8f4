#include "os/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

namespace sma {

ServiceManager::ServiceManager(const Environment& environment) {
  const auto path = environment.get("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (!path || path->size() >= sizeof address.sun_path) return;
  if (path->front() != '/' && path->front() != '@') return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path->data(), path->size());
  if (path->front() == '@') address.sun_path[0] = '\0';  // an abstract socket
  socket_ = FileDescriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path->size());
  if (socket_.valid() && connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0)
    socket_.close();
}

void ServiceManager::notify(std::string_view state) const {
  if (!socket_.valid()) return;
  [[maybe_unused]] const ssize_t sent = send(socket_.get(), state.data(), state.size(), MSG_NOSIGNAL);
}

}  // namespace sma
