#include "agent/client/copy_to.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "base/file_descriptor.h"
#include "base/log.h"

namespace sma {
namespace {

constexpr const char* kName = "secrets-manager-agent";
constexpr mode_t kMode = 0755;

void report(const std::string& path, const std::string& message) {
  std::string shown;
  append_escaped(shown, path);
  std::fprintf(stderr, "%s: %s: %s\n", kName, shown.c_str(), message.c_str());
}

std::string target_of(const std::string& path) {
  struct stat facts {};
  const bool is_folder = ::stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
  return is_folder ? path + (path.ends_with('/') ? "" : "/") + kName : path;
}

/// If it fails, errno says why, as with the functions below.
bool write_all(int target, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(target, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool copy(int source, int target) {
  std::array<char, 65536> portion;
  for (;;) {
    const ssize_t got = ::read(source, portion.data(), portion.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0;
    if (!write_all(target, {portion.data(), static_cast<std::size_t>(got)})) return false;
  }
}

bool copy_own_file(int target) {
  const FileDescriptor own(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  return own.valid() && copy(own.get(), target) && ::fchmod(target, kMode) == 0;
}

/// By way of a temporary file beside it: a program that runs from `path` is not disturbed.
bool replace(const std::string& path) {
  std::string temporary = path + ".XXXXXX";
  FileDescriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file.valid()) return false;
  const bool copied = copy_own_file(file.get());
  int error = errno;
  file.close();
  if (copied && ::rename(temporary.c_str(), path.c_str()) == 0) return true;
  if (copied) error = errno;
  ::unlink(temporary.c_str());
  errno = error;
  return false;
}

}  // namespace

int copy_to(const std::string& path) {
  const std::string target = target_of(path);
  if (!replace(target)) {
    report(target, std::string("the program cannot be copied there: ") + std::strerror(errno));
    return 1;
  }
  struct statvfs facts {};
  if (::statvfs(target.c_str(), &facts) == 0 && (facts.f_flag & ST_NOEXEC) != 0)
    report(target, "warning: mounted noexec here, so the copy cannot be run from this mount");
  return 0;
}

}  // namespace sma
