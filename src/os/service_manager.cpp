#include "os/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include "base/file_descriptor.h"

namespace sma {

void notify_service_manager(const Environment& environment, std::string_view state) {
  const auto path = environment.get("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (!path || path->size() >= sizeof address.sun_path) return;
  if (path->front() != '/' && path->front() != '@') return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path->data(), path->size());
  if (path->front() == '@') address.sun_path[0] = '\0';  // an abstract socket
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path->size());
  [[maybe_unused]] const ssize_t sent =
      sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
}

}  // namespace sma
