#include "os/log_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace sma {
namespace {

constexpr std::size_t kHeldBytes = std::size_t{256} << 10;
constexpr std::size_t kFileBytes = std::size_t{10} << 20;
constexpr int kArchivedFiles = 4;
// poll(2) promises this much room in a pipe, and no more (pipe(7), PIPE_BUF).
constexpr std::size_t kPipeBytes = 4096;
constexpr Milliseconds kRetryTime{100};
constexpr Seconds kFollowTime{1};
// At the end: half a second without a reader that takes something, and as much again at most for one that is slow.
constexpr int kLastWaits = 50;
constexpr int kLastWaitMs = 10;

bool is_regular(int descriptor) {
  struct stat status {};
  return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

LogWriter::LogWriter(Scheduler& scheduler, int descriptor)
    : scheduler_(scheduler), retry_(scheduler, *this), descriptor_(descriptor), regular_(is_regular(descriptor)) {}

LogWriter::LogWriter(Scheduler& scheduler, std::string folder, std::string name)
    : scheduler_(scheduler), retry_(scheduler, *this), folder_(std::move(folder)), name_(std::move(name)) {
  mkdir(folder_.c_str(), 0755);
  open_file();
  if (!file_.valid()) {
    fault_ = Fault::internal("cannot write " + path(-1) + ": " + std::strerror(errno));
    folder_.clear();
    descriptor_ = STDERR_FILENO;
    regular_ = is_regular(descriptor_);
  }
}

std::string LogWriter::path(int generation) const {
  if (generation < 0) return folder_ + "/" + name_ + ".log";
  return folder_ + "/archive/" + name_ + "_" + std::to_string(generation) + ".log";
}

// O_NONBLOCK means nothing to a file; if a FIFO is at the path, opening and writing must not wait for a reader.
void LogWriter::open_file() {
  FileDescriptor opened(
      open(path(-1).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644));
  if (!opened.valid()) return;
  file_ = std::move(opened);
  descriptor_ = file_.get();
  regular_ = is_regular(descriptor_);
  struct stat status {};
  file_size_ = fstat(descriptor_, &status) == 0 ? static_cast<std::size_t>(status.st_size) : 0;
}

// A program that rotates logs from outside moves the file away: lines must not follow it into an archive.
void LogWriter::follow_path() {
  if (!file_.valid() || scheduler_.now() < followed_at_ + kFollowTime) return;
  followed_at_ = scheduler_.now();
  struct stat ours {};
  struct stat there {};
  if (fstat(descriptor_, &ours) != 0) return;
  if (stat(path(-1).c_str(), &there) == 0 && there.st_dev == ours.st_dev && there.st_ino == ours.st_ino) return;
  mkdir(folder_.c_str(), 0755);
  open_file();
}

// A file that cannot be moved away is written on: a large log beats none.
void LogWriter::rotate() {
  mkdir((folder_ + "/archive").c_str(), 0755);
  for (int generation = kArchivedFiles - 1; generation >= 0; --generation)
    std::rename(path(generation - 1).c_str(), path(generation).c_str());
  open_file();
  if (file_size_ >= kFileBytes) file_size_ = 0;
}

void LogWriter::write(std::string_view line) {
  note_dropped_lines();
  if (lines_.size() + line.size() > kHeldBytes) {
    ++dropped_;
    return;
  }
  lines_ += line;
}

void LogWriter::note_dropped_lines() {
  constexpr std::size_t kNoteBytes = 128;
  // Only once there is some room again, or the note itself would fill it.
  if (dropped_ == 0 || lines_.size() + kNoteBytes > kHeldBytes / 2) return;
  append_log_line(lines_, scheduler_.wall_now(), LogLevel::warn, "log lines dropped",
                  std::array{LogField("count", dropped_)});
  dropped_ = 0;
}

bool LogWriter::writable_now() const {
  pollfd asked{descriptor_, POLLOUT, 0};
  return poll(&asked, 1, 0) == 1 && (asked.revents & (POLLOUT | POLLERR | POLLHUP)) != 0;
}

/// How many bytes to write next; 0 if none would be taken now.
std::size_t LogWriter::next_portion(std::size_t written) const {
  const std::size_t left = lines_.size() - written;
  if (!regular_) return writable_now() ? std::min(left, kPipeBytes) : 0;
  if (!file_.valid() || file_size_ + left <= kFileBytes) return left;
  // A file ends with a whole line.
  const std::size_t room = kFileBytes > file_size_ ? kFileBytes - file_size_ : 0;
  const std::size_t end = lines_.find('\n', written + room);
  return end == std::string::npos ? left : end + 1 - written;
}

void LogWriter::flush() {
  retry_.disarm();
  follow_path();
  std::size_t written = 0;
  while (written < lines_.size()) {
    if (file_.valid() && regular_ && file_size_ >= kFileBytes) rotate();
    const std::size_t portion = next_portion(written);
    if (portion == 0) break;
    const ssize_t count = ::write(descriptor_, lines_.data() + written, portion);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EFBIG && file_.valid() && file_size_ != 0) {
      rotate();  // a limit of file sizes (RLIMIT_FSIZE) lower than ours
      if (file_size_ == 0) continue;
    }
    // Nobody will ever read them; but a pipe that has a name may find another reader.
    if (count < 0 && (errno == EPIPE || errno == EBADF) && !file_.valid()) {
      written = lines_.size();
      break;
    }
    if (count <= 0) break;
    written += static_cast<std::size_t>(count);
    file_size_ += static_cast<std::size_t>(count);
  }
  lines_.erase(0, written);
  note_dropped_lines();
  if (lines_.empty() && lines_.capacity() > kHeldBytes / 8) std::string().swap(lines_);
  if (!lines_.empty()) retry_.arm(scheduler_.now() + kRetryTime);
}

void LogWriter::flush_at_end() {
  flush();
  pollfd asked{descriptor_, POLLOUT, 0};
  for (int waits = 0; waits < kLastWaits && !regular_ && !lines_.empty();) {
    const std::size_t left = lines_.size();
    poll(&asked, 1, kLastWaitMs);
    flush();
    if (lines_.size() >= left) ++waits;
  }
}

}  // namespace sma
