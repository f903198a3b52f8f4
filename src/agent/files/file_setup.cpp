#include "agent/files/file_setup.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <set>
#include <utility>

#include "agent/files/mount_points.h"
#include "agent/files/refresh_schedule.h"
#include "agent/files/temporary_name.h"
#include "base/file_descriptor.h"
#include "os/shared_folder.h"
#include "os/write_access.h"

namespace sma {
namespace {

struct Closed {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
struct Freed {
  void operator()(char* text) const { std::free(text); }
};

Fault at(const std::string& place, const std::string& what) { return Fault::internal(place + ": files: " + what); }

Result<FileTemplate> content_of(const FileSettings& file, const Files& files) {
  if (file.template_path.empty()) {
    auto reference = read_reference(file.secret);
    if (!reference.ok()) return reference.fault();
    if (!file.key.empty()) reference->json_key = file.key;
    return FileTemplate(std::move(*reference));
  }
  const auto text = files.read_trusted(file.template_path);
  if (!text.ok()) return text.fault();
  auto content = FileTemplate::read(text->view());
  if (!content.ok()) return Fault::denied("template " + file.template_path + ": " + content.fault().message);
  return content;
}

/// The same path without links in its folder, as the kernel names mounts.
std::string real_path(const std::string& path) {
  const std::string folder = folder_of(path);
  const std::unique_ptr<char, Freed> real(::realpath(folder.c_str(), nullptr));
  if (real == nullptr) return path;
  std::string whole = real.get();
  if (!whole.ends_with('/')) whole += '/';
  return whole + path.substr(folder.size());
}

Result<Done> check_path(const std::string& path, const std::vector<std::string>& mounts) {
  if (std::ranges::find(mounts, real_path(path)) != mounts.end())
    return Fault::internal(path +
                           " is a mount, which no file can take the place of: mount its folder instead (no "
                           "subPath in Kubernetes, no secrets: or configs: in Compose)");
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0 && S_ISDIR(there.st_mode)) return Fault::internal(path + " is a folder");
  return Done{};
}

bool is_in_memory(const std::string& folder) {
  struct statfs status {};
  if (::statfs(folder.c_str(), &status) != 0) return false;
  const auto type = static_cast<unsigned long>(status.f_type);
  return type == TMPFS_MAGIC || type == RAMFS_MAGIC;
}

/// Also shows that a file can be made there and given to the group.
Result<Done> try_folder(const FileTarget& target, const std::string& folder) {
  SystemRandom random;
  const std::string name = folder + temporary_name(random);
  const FileDescriptor file(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid()) return folder_refused(folder, errno);
  const bool given = !target.group || ::fchown(file.get(), static_cast<uid_t>(-1), *target.group) == 0;
  const int error = errno;
  ::unlink(name.c_str());
  return given ? Result<Done>(Done{}) : group_refused(*target.group, error);
}

void remove_remains(const std::string& folder, Log& log) {
  const std::unique_ptr<DIR, Closed> opened(::opendir(folder.c_str()));
  if (opened == nullptr) return;
  while (const dirent* entry = ::readdir(opened.get())) {
    if (!is_temporary_name(entry->d_name) || ::unlink((folder + entry->d_name).c_str()) != 0) continue;
    log.info("an incomplete file of an agent that was killed is removed", {{"path", folder + entry->d_name}});
  }
}

/// Once for each folder.
Result<Done> prepare_folder(const std::string& folder, std::optional<gid_t> group, Log& log) {
  const Result<bool> in_open_folder = open_shared_folder(folder, group);
  if (!in_open_folder.ok()) return in_open_folder.fault();
  if (*in_open_folder) log.info(open_folder_remark(folder));
  if (!is_in_memory(folder))
    log.warn("the folder of files is on a disk, which keeps what was written: use a tmpfs", {{"folder", folder}});
  remove_remains(folder, log);
  return Done{};
}

}  // namespace

Result<std::vector<PlannedFile>> plan_files(const std::vector<FileSettings>& settings, const SecretStoreSettings& cache,
                                            std::optional<gid_t> group, const Files& files) {
  std::vector<PlannedFile> planned;
  if (settings.empty()) return planned;
  const auto mountinfo = files.read("/proc/self/mountinfo");
  const std::vector<std::string> mounts = mountinfo.ok() ? mount_points(mountinfo->view()) : std::vector<std::string>();
  for (const FileSettings& file : settings) {
    const std::optional<gid_t> owner = file.group ? file.group : group;
    auto content = content_of(file, files);
    if (!content.ok()) return at(file.place, content.fault().message);
    const Result<Done> fits = check_path(file.path, mounts);
    if (!fits.ok()) return at(file.place, fits.fault().message);
    const Result<Done> possible = check_shared_folder(folder_of(file.path), owner);
    if (!possible.ok()) return at(file.place, possible.fault().message);
    planned.push_back({.target = {.path = file.path, .mode = file.mode, .group = owner},
                       .content = std::move(*content),
                       .role_arn = file.role_arn,
                       .refresh = refresh_time(file, cache),
                       .place = file.place});
  }
  return planned;
}

Result<Done> prepare_folders(std::vector<PlannedFile>& files, Log& log) {
  std::set<std::string> prepared;
  for (PlannedFile& file : files) {
    FileTarget& target = file.target;
    const std::string folder = folder_of(target.path);
    if (prepared.insert(folder).second) {
      const Result<Done> made = prepare_folder(folder, target.group, log);
      if (!made.ok()) return at(file.place, made.fault().message);
    }
    const Result<Done> possible = try_folder(target, folder);
    if (!possible.ok()) return at(file.place, possible.fault().message);
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0) return at(file.place, folder_refused(folder, errno).message);
    target.folder_device = status.st_dev;
    target.folder_node = status.st_ino;
    target.in_memory = is_in_memory(folder);
  }
  return Done{};
}

std::vector<std::string> folders_of(const std::vector<FileSettings>& files) {
  std::set<std::string> folders;
  for (const FileSettings& file : files) folders.insert(folder_of(file.path));
  return {folders.begin(), folders.end()};
}

}  // namespace sma
