#include "agent/start_line.h"

namespace sma {

std::vector<std::string> client_addresses(const ListeningSockets& tcp, const UnixListener& local) {
  std::vector<std::string> addresses;
  if (tcp.ipv4.valid()) addresses.push_back("http://127.0.0.1:" + std::to_string(tcp.port));
  if (local.socket.valid()) addresses.push_back("unix:" + local.file.path());
  return addresses;
}

std::string start_line(bool as_version_3, const std::string& address) {
  return std::string(as_version_3 ? "Secrets Manager Provider/" : "Agent/") + SMA_VERSION + " listening on " + address;
}

}  // namespace sma
