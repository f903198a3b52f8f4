#include "agent/start_line.h"

namespace sma {

std::string start_line(bool as_version_3, std::uint16_t port) {
  return std::string(as_version_3 ? "Secrets Manager Provider/" : "Agent/") + SMA_VERSION +
         " listening on http://127.0.0.1:" + std::to_string(port);
}

}  // namespace sma
