#include "os/output_descriptor.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace sma {
namespace {

/// The other side of a pseudo-terminal: opening it again would make a new pair.
bool is_master(int descriptor) {
  int number = 0;
  return ioctl(descriptor, TIOCGPTN, &number) == 0;
}

FileDescriptor open_again(int descriptor, const struct stat& status) {
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  FileDescriptor again(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat opened {};
  if (!again.valid() || fstat(again.get(), &opened) != 0) return {};
  if (opened.st_dev != status.st_dev || opened.st_ino != status.st_ino || opened.st_rdev != status.st_rdev) return {};
  return again;
}

/// Nobody will ever read what is written here. A terminal that was hung up answers EIO.
bool is_lost(int error, bool terminal) {
  return error == EPIPE || error == EBADF || error == ECONNRESET || error == ENOTCONN || (error == EIO && terminal);
}

}  // namespace

OutputDescriptor::OutputDescriptor(int descriptor) : descriptor_(descriptor), terminal_(isatty(descriptor) == 1) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0) return;
  if (S_ISSOCK(status.st_mode)) {
    kind_ = Kind::socket;
  } else if (S_ISFIFO(status.st_mode) || (terminal_ && !is_master(descriptor))) {
    again_ = open_again(descriptor, status);
    if (!again_.valid()) return;
    descriptor_ = again_.get();
    kind_ = Kind::opened_again;
  }
}

std::size_t OutputDescriptor::write(std::string_view text, TimePoint /*now*/) {
  std::size_t done = 0;
  while (done < text.size()) {
    const std::string_view left = text.substr(done);
    const ssize_t count = kind_ == Kind::socket
                              ? send(descriptor_, left.data(), left.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                              : ::write(descriptor_, left.data(), left.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && is_lost(errno, terminal_)) return text.size();
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

}  // namespace sma
