#include "agent/files/file_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "agent/files/temporary_name.h"
#include "base/file_descriptor.h"
#include "base/wiped_bytes.h"
#include "os/shared_folder.h"
#include "os/write_access.h"

namespace sma {
namespace {

constexpr mode_t kAllModeBits = 07777;
constexpr mode_t kTemporaryMode = 0600;
constexpr int kAttempts = 3;

bool holds(int file, std::string_view content) {
  WipedBytes there;
  there.resize(content.size() + 1);
  std::size_t size = 0;
  while (size < there.size()) {
    const ssize_t got = ::read(file, there.data() + size, there.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  return there.view().substr(0, size) == content;
}

bool is_in_place(const FileTarget& target, std::string_view content) {
  const FileDescriptor file(::open(target.path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!file.valid() || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  if ((status.st_mode & kAllModeBits) != target.mode) return false;
  if (target.group && status.st_gid != *target.group) return false;
  return static_cast<std::size_t>(status.st_size) == content.size() && holds(file.get(), content);
}

/// 0, or the error.
int write_all(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = ::write(file, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

Fault failed(int error) { return Fault::internal(std::strerror(error)); }

Result<Done> fill(int file, const FileTarget& target, std::string_view content) {
  if (const int error = write_all(file, content); error != 0) return failed(error);
  if (target.group && ::fchown(file, static_cast<uid_t>(-1), *target.group) != 0)
    return group_refused(*target.group, errno);
  if (::fchmod(file, target.mode) != 0) return failed(errno);
  if (!target.in_memory && ::fdatasync(file) != 0) return failed(errno);
  return Done{};
}

bool is_another_folder(const FileTarget& target, const std::string& folder) {
  struct stat status {};
  return target.folder_node != 0 && ::stat(folder.c_str(), &status) == 0 &&
         (status.st_dev != target.folder_device || status.st_ino != target.folder_node);
}

/// True if it was renamed, false if the temporary file was removed by another agent that starts.
Result<bool> replace(const FileTarget& target, std::string_view content, Random& random) {
  const std::string folder = folder_of(target.path);
  const std::string temporary = folder + temporary_name(random);
  const FileDescriptor file(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kTemporaryMode));
  if (!file.valid()) {
    const int error = errno;
    if (is_another_folder(target, folder))
      return Fault::internal(folder + " was removed and made again: restart the agent");
    return folder_refused(folder, error);
  }
  const Result<Done> filled = fill(file.get(), target, content);
  if (filled.ok() && std::rename(temporary.c_str(), target.path.c_str()) == 0) return true;
  const int error = errno;
  ::unlink(temporary.c_str());
  if (!filled.ok()) return filled.fault();
  if (error == ENOENT) return false;
  return failed(error);
}

}  // namespace

Result<FileChange> write_file(const FileTarget& target, std::string_view content, Random& random) {
  if (is_in_place(target, content)) return FileChange::none;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Result<bool> replaced = replace(target, content, random);
    if (!replaced.ok()) return Fault::internal("cannot write " + target.path + ": " + replaced.fault().message);
    if (*replaced) return FileChange::replaced;
  }
  return Fault::internal("cannot write " + target.path + ": another program removes what is written");
}

}  // namespace sma
