#include "os/write_access.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace sma {
namespace {

/// Root may give every group, another user those it is in.
bool may_give(gid_t group) {
  if (::geteuid() == 0 || ::getegid() == group) return true;
  const int count = ::getgroups(0, nullptr);
  if (count <= 0) return false;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  const int got = ::getgroups(count, groups.data());
  return got >= 0 && std::find(groups.begin(), groups.begin() + got, group) != groups.begin() + got;
}

}  // namespace

Fault folder_refused(const std::string& folder, int error) {
  if (error == EACCES)
    return Fault::internal("user " + std::to_string(::geteuid()) + " cannot write in " + folder +
                           ": give it the folder, or choose a folder that it can write");
  if (error == EROFS) return Fault::internal(folder + " is read-only: choose a folder that can be written");
  if (error == ENOENT) return Fault::internal(folder + " does not exist");
  return Fault::internal(std::strerror(error));
}

Fault group_refused(gid_t group, int error) {
  if (error != EPERM) return Fault::internal(std::strerror(error));
  return Fault::internal("group " + std::to_string(group) +
                         " cannot be given to it: this process must be in that group (group_add in Compose, "
                         "supplementalGroups in Kubernetes)");
}

Result<Done> check_write_access(const std::string& folder, std::optional<gid_t> group) {
  if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) return folder_refused(folder, errno);
  if (group && !may_give(*group)) return group_refused(*group, EPERM);
  return Done{};
}

}  // namespace sma
