#include "agent/client/agent_address.h"

#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdio>

#include "os/shared_folder.h"

namespace sma {
namespace {

constexpr uid_t kImageUser = 65532;
/// How the kernel shows users of another user namespace, and a real user (nobody) elsewhere. Source:
/// user_namespaces(7), "Unmapped user and group IDs".
constexpr uid_t kOverflowUser = 65534;

/// Then none is shown in place of another.
bool knows_all_users() {
  const auto text = SystemFiles().read("/proc/self/uid_map");
  unsigned first = 1;
  unsigned shown_as = 1;
  unsigned count = 0;
  return text.ok() && std::sscanf(std::string(text->view()).c_str(), "%u %u %u", &first, &shown_as, &count) == 3 &&
         first == 0 && shown_as == 0 && count == UINT_MAX;
}

bool owns_folder(uid_t user, const std::string& path) {
  struct stat folder {};
  return ::stat(folder_of(path).c_str(), &folder) == 0 && folder.st_uid == user;
}

}  // namespace

std::string AgentAddress::text() const {
  return socket.empty() ? "127.0.0.1:" + std::to_string(port) : "unix:" + socket;
}

std::optional<std::string> AgentAddress::problem() const {
  if (!socket.empty() || port != 0) return std::nullopt;
  return "http_port is 0: the agent's port cannot be known; set it to the one in use";
}

std::optional<std::string> why_not_trusted(uid_t user, const std::string& path, std::optional<uid_t> agent_user) {
  if (user == kOverflowUser && !knows_all_users())
    return "a user of another user namespace (shown as 65534) listens there, who cannot be known";
  const bool is_trusted = user == 0 || user == ::geteuid() || user == kImageUser || user == agent_user;
  if (is_trusted || owns_folder(user, path)) return std::nullopt;
  const std::string number = std::to_string(user);
  return "user " + number + " listens there, who may not be the agent's: if it is, add --agent-user " + number;
}

}  // namespace sma
