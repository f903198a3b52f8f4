#include "os/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace sma {
namespace {

constexpr std::size_t kFileBytes = std::size_t{10} << 20;
constexpr int kArchivedFiles = 5;
constexpr Seconds kFollowTime{1};
// Lines name secrets and identities: they are for the agent's user and group.
constexpr mode_t kFileMode = 0640;
constexpr mode_t kFolderMode = 0750;

Fault unwritable(const std::string& path, int error) {
  return Fault::internal("cannot write " + path + ": " + std::strerror(error));
}

/// 0, or the error with which nothing can be written there.
int write_error(const std::string& path, const std::string& folder) {
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0) {
    if (S_ISLNK(status.st_mode)) return ELOOP;  // O_NOFOLLOW
    return access(path.c_str(), W_OK) == 0 ? 0 : errno;
  }
  const std::size_t slash = folder.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : folder.substr(0, slash + 1);
  const bool is_there = stat(folder.c_str(), &status) == 0;
  if (is_there && !S_ISDIR(status.st_mode)) return ENOTDIR;
  return access(is_there ? folder.c_str() : parent.c_str(), W_OK | X_OK) == 0 ? 0 : errno;
}

}  // namespace

LogFile::LogFile(std::string folder, std::string name) : folder_(std::move(folder)), name_(std::move(name)) {
  mkdir(folder_.c_str(), kFolderMode);
  open_file();
}

std::optional<Fault> LogFile::take_fault() {
  if (!fault_ || std::exchange(fault_taken_, true)) return std::nullopt;
  return fault_;
}

std::string LogFile::path(int generation) const {
  if (generation < 0) return folder_ + "/" + name_ + ".log";
  return folder_ + "/archive/" + name_ + "_" + std::to_string(generation) + ".log";
}

// O_NONBLOCK means nothing to a file; if a FIFO is at the path, opening and writing must not wait for a reader.
void LogFile::open_file() {
  FileDescriptor opened(
      open(path(-1).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, kFileMode));
  if (!opened.valid()) {
    fault_ = unwritable(path(-1), errno);
    return;
  }
  fault_.reset();
  fault_taken_ = false;
  file_ = std::move(opened);
  struct stat status {};
  const bool known = fstat(file_.get(), &status) == 0;
  regular_ = known && S_ISREG(status.st_mode);
  file_size_ = known ? static_cast<std::size_t>(status.st_size) : 0;
}

// A program that rotates logs from outside moves the file away: lines must not follow it into an archive.
void LogFile::follow_path(TimePoint now) {
  if (now < followed_at_ + kFollowTime) return;
  followed_at_ = now;
  struct stat ours {};
  struct stat there {};
  if (fstat(file_.get(), &ours) != 0) return;
  if (stat(path(-1).c_str(), &there) == 0 && there.st_dev == ours.st_dev && there.st_ino == ours.st_ino) return;
  mkdir(folder_.c_str(), kFolderMode);
  open_file();
}

// A file that cannot be moved away is written on: a large log beats none.
void LogFile::rotate() {
  mkdir((folder_ + "/archive").c_str(), kFolderMode);
  for (int generation = kArchivedFiles - 1; generation >= 0; --generation)
    std::rename(path(generation - 1).c_str(), path(generation).c_str());
  open_file();
  if (file_size_ >= kFileBytes) file_size_ = 0;
}

/// How many bytes of `text` belong into the present file, which ends with a whole line.
std::size_t LogFile::next_portion(std::string_view text) const {
  if (!regular_ || file_size_ + text.size() <= kFileBytes) return text.size();
  const std::size_t end = text.find('\n', kFileBytes - file_size_);
  return end == std::string_view::npos ? text.size() : end + 1;
}

/// After a limit of file sizes (RLIMIT_FSIZE) lower than ours was reached; false if not even a new file takes a byte.
bool LogFile::begin_shorter_file() {
  if (file_size_ == 0) return false;
  rotate();
  return file_size_ == 0;
}

std::size_t LogFile::write(std::string_view text, TimePoint now) {
  follow_path(now);
  std::size_t done = 0;
  while (done < text.size()) {
    if (regular_ && file_size_ >= kFileBytes) rotate();
    const std::string_view left = text.substr(done);
    const ssize_t count = ::write(file_.get(), left.data(), next_portion(left));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EFBIG && begin_shorter_file()) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
    file_size_ += static_cast<std::size_t>(count);
  }
  return done;
}

Result<Done> check_log_file(const std::string& folder, const std::string& name) {
  const std::string path = folder + "/" + name + ".log";
  const int error = write_error(path, folder);
  return error == 0 ? Result<Done>(Done{}) : unwritable(path, error);
}

}  // namespace sma
