#include "agent/start_line.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace sma {

std::string start_line(bool as_version_3, std::uint16_t port) {
  return std::string(as_version_3 ? "Secrets Manager Provider/" : "Agent/") + SMA_VERSION +
         " listening on http://127.0.0.1:" + std::to_string(port);
}

void print_line(std::string line) {
  line += '\n';
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  if (poll(&output, 1, 0) != 1 || (output.revents & POLLOUT) == 0) return;
  while (write(STDOUT_FILENO, line.data(), line.size()) < 0 && errno == EINTR) continue;
}

}  // namespace sma
