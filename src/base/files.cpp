#include "base/files.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/file_descriptor.h"
#include "base/wall_time.h"

namespace sma {
namespace {

Fault unreadable(const std::string& path, const std::string& why) {
  return Fault::internal("cannot read " + path + ": " + why);
}

/// Waits until a descriptor has something to read, or its end; false if neither comes within `patience`. A FIFO without
/// a writer has an end to read(2), but not to poll(2), which also knows if a writer has been there.
bool wait_readable(int descriptor, Nanoseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  pollfd asked{descriptor, POLLIN, 0};
  for (;;) {
    const auto left = std::chrono::ceil<Milliseconds>(end - std::chrono::steady_clock::now());
    const int ready = poll(&asked, 1, static_cast<int>(std::max(left, Milliseconds(0)).count()));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

/// `status` is the file's.
Result<WipedBytes> read_all(const FileDescriptor& file, const struct stat& status, const std::string& path,
                            std::size_t limit, Nanoseconds patience) {
  WipedBytes content;
  content.reserve(status.st_size > 0 && static_cast<std::size_t>(status.st_size) < limit
                      ? static_cast<std::size_t>(status.st_size) + 1
                      : 4096);
  // Once a byte has come, there was a writer: then a read of 0 bytes is the end. poll(2) does not know of a writer that
  // had ended before we opened the FIFO.
  bool must_wait = true;
  for (;;) {
    if (must_wait && !wait_readable(file.get(), patience))
      return unreadable(path, "it is a pipe whose writers have not come, or not finished, in time");
    if (content.size() == content.capacity()) content.reserve(content.capacity() * 2);
    const std::size_t filled = content.size();
    const std::size_t room = content.capacity() - filled;
    content.resize(filled + room);
    const ssize_t got = ::read(file.get(), content.data() + filled, room);
    const int error = errno;
    content.resize(filled + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got < 0 && error == EINTR) continue;
    must_wait = got < 0 && error == EAGAIN;
    if (must_wait) continue;
    if (got < 0) return unreadable(path, std::strerror(error));
    if (got == 0) return content;
    if (content.size() > limit) return unreadable(path, "it is larger than " + std::to_string(limit) + " bytes");
  }
}

}  // namespace

std::string open_folder_remark(const std::string& path) {
  return "everybody can replace " + path + ", because everybody can write in its folder";
}

Result<CheckedFile> Files::read_checked(const std::string& path, FileRule /*rule*/, std::size_t limit) const {
  auto content = read(path, limit);
  if (!content.ok()) return std::move(content.fault());
  const auto known = facts(path);
  return CheckedFile{std::move(*content), known ? known->permissions : 0};
}

Result<WipedBytes> Files::read_trusted(const std::string& path, std::size_t limit) const {
  auto checked = read_checked(path, FileRule::not_planted, limit);
  if (!checked.ok()) return std::move(checked.fault());
  return std::move(checked->content);
}

Task<Result<WipedBytes>> Files::ask_trusted(std::string path) const {
  Task<Result<WipedBytes>> asking =
      ask<WipedBytes>(path, [path](const Files& files) { return files.read_trusted(path); });
  Result<WipedBytes> content = co_await std::move(asking);
  co_return content;
}

Task<Result<Done>> Files::run(std::string /*path*/, Question question) const {
  question(*this);
  co_return Done{};
}

Result<WipedBytes> SystemFiles::read(const std::string& path, std::size_t limit) const {
  auto checked = read_checked(path, FileRule::any, limit);
  if (!checked.ok()) return std::move(checked.fault());
  return std::move(checked->content);
}

Result<CheckedFile> SystemFiles::read_checked(const std::string& path, FileRule rule, std::size_t limit) const {
  const int no_link = rule == FileRule::own ? O_NOFOLLOW : 0;
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | no_link));
  if (!file.valid() && no_link != 0 && errno == ELOOP) return unreadable(path, "it is a symbolic link");
  struct stat status {};
  if (!file.valid() || ::fstat(file.get(), &status) != 0) return unreadable(path, std::strerror(errno));
  if (S_ISDIR(status.st_mode)) return unreadable(path, "it is a folder");
  bool in_open_folder = false;
  if (rule != FileRule::any) {
    const auto place = check_place(path, status, rule);
    if (!place.ok()) return unreadable(path, place.fault().message);
    in_open_folder = place->in_open_folder;
  }
  auto content = read_all(file, status, path, limit, patience_);
  if (!content.ok()) return std::move(content.fault());
  return CheckedFile{std::move(*content), static_cast<unsigned>(status.st_mode & 0777U), in_open_folder,
                     S_ISREG(status.st_mode)};
}

Result<Done> SystemFiles::check_trusted(const std::string& path) const {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return Done{};
  const auto place = check_place(path, status, FileRule::not_planted);
  if (!place.ok()) return unreadable(path, place.fault().message);
  return Done{};
}

bool SystemFiles::exists(const std::string& path) const {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

bool SystemFiles::is_folder(const std::string& path) const {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::optional<FileFacts> SystemFiles::facts(const std::string& path) const {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileFacts{
      static_cast<unsigned>(status.st_mode & 0777U),
      bounded_time(Seconds(status.st_mtim.tv_sec), Nanoseconds(status.st_mtim.tv_nsec)).time_since_epoch().count(),
      status.st_ino, static_cast<std::uint64_t>(status.st_size)};
}

}  // namespace sma
