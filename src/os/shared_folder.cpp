#include "os/shared_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file_descriptor.h"
#include "base/file_rule.h"
#include "os/write_access.h"

namespace sma {
namespace {

constexpr mode_t kFolderMode = 0750;

Fault because(std::string why) { return Fault::internal(std::move(why)); }
Fault failed(int error) { return because(std::strerror(error)); }

Result<Done> hand_over_folder(const std::string& folder, std::optional<gid_t> group) {
  const FileDescriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!opened.valid()) return failed(errno);
  if (group && ::fchown(opened.get(), static_cast<uid_t>(-1), *group) != 0) return group_refused(*group, errno);
  if (::fchmod(opened.get(), kFolderMode) != 0) return failed(errno);
  return Done{};
}

std::string without_slash(std::string folder) {
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  return folder;
}

Fault parent_refused(const std::string& parent, int error) {
  if (error == ENOENT) return because(parent + " does not exist; only the last folder of the path is made");
  return folder_refused(parent, error);
}

/// Nobody else can enter it before it has its group.
Result<Done> make_folder_if_missing(std::string folder, std::optional<gid_t> group) {
  folder = without_slash(std::move(folder));
  if (::access(folder.c_str(), F_OK) == 0) return Done{};
  if (::mkdir(folder.c_str(), S_IRWXU) != 0) {
    if (errno == EEXIST) return Done{};
    return parent_refused(folder_of(folder), errno);
  }
  Result<Done> handed = hand_over_folder(folder, group);
  if (!handed.ok()) ::rmdir(folder.c_str());
  return handed;
}

/// Returns whether everybody can replace what is in the folder.
Result<bool> check_folder(const std::string& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) return failed(errno);
  const auto place = check_place(folder, status, FileRule::not_planted);
  if (!place.ok()) return place.fault();
  const bool is_open = (status.st_mode & S_IWOTH) != 0;
  if (is_open && (status.st_mode & S_ISVTX) != 0)
    return because("everybody can write in " + folder + ": choose a folder of its own, which is made");
  return is_open;
}

}  // namespace

std::string folder_of(std::string_view path) { return std::string(path.substr(0, path.rfind('/'))) + '/'; }

Result<bool> open_shared_folder(const std::string& folder, std::optional<gid_t> group) {
  const Result<Done> made = make_folder_if_missing(folder, group);
  if (!made.ok()) return made.fault();
  return check_folder(folder);
}

Result<Done> check_shared_folder(const std::string& folder, std::optional<gid_t> group) {
  if (::access(folder.c_str(), F_OK) != 0) {
    const std::string parent = folder_of(without_slash(folder));
    if (::access(parent.c_str(), F_OK) != 0) return parent_refused(parent, errno);
    return check_write_access(parent, group);
  }
  const Result<bool> in_open_folder = check_folder(folder);
  if (!in_open_folder.ok()) return in_open_folder.fault();
  return check_write_access(folder, group);
}

}  // namespace sma
