#include "os/unix_listener.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/hex.h"
#include "base/random.h"
#include "os/listening_socket.h"
#include "os/shared_folder.h"
#include "os/write_access.h"

namespace sma {
namespace {

constexpr std::size_t kLongestPath = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t kRandomBytes = 4;
constexpr std::size_t kTemporaryName = 2 + 2 * kRandomBytes;  // a slash, a dot, and hexadecimal digits
constexpr mode_t kSocketMode = 0660;

/// The message is the reason alone.
Fault because(std::string why) { return Fault::internal(std::move(why)); }
Fault failed(int error) { return because(std::strerror(error)); }

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, kLongestPath);
  return address;
}

FileDescriptor new_socket() { return FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

std::string temporary_beside(const std::string& path) {
  std::array<std::uint8_t, kRandomBytes> bytes{};
  SystemRandom().fill(bytes);
  std::string name = folder_of(path) + '.';
  append_hex(name, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return name;
}

/// A socket on which nobody listens may be replaced.
Result<Done> check_replaceable(const std::string& path) {
  struct stat there {};
  if (::lstat(path.c_str(), &there) != 0) return errno == ENOENT ? Result<Done>(Done{}) : failed(errno);
  if (!S_ISSOCK(there.st_mode)) return because("what is there is no socket");
  if (there.st_uid != ::geteuid())
    return because("the socket there belongs to user " + std::to_string(there.st_uid) + ": remove it first");
  const FileDescriptor client = new_socket();
  const sockaddr_un address = address_of(path);
  const bool connected = ::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  // EAGAIN: its backlog is full.
  if (connected || errno == EAGAIN) return because("another agent, or another program, listens there");
  if (errno != ECONNREFUSED && errno != ENOENT) return failed(errno);
  return Done{};
}

/// Only this process's user can connect until the socket was given its group.
Result<FileDescriptor> bind_to(const std::string& path) {
  FileDescriptor socket = new_socket();
  if (!socket.valid()) return failed(errno);
  const sockaddr_un address = address_of(path);
  const mode_t umask_before = ::umask(0177);
  const bool bound = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int error = errno;
  ::umask(umask_before);
  if (!bound) return folder_refused(folder_of(path), error);
  return socket;
}

/// The file is reached through a descriptor, because in an open folder another program can put a link there.
Result<Done> hand_over(const std::string& path, std::optional<gid_t> group) {
  const FileDescriptor file(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!file.valid() || ::fstat(file.get(), &status) != 0) return failed(errno);
  if (!S_ISSOCK(status.st_mode) || status.st_uid != ::geteuid()) return because("it was replaced while it was made");
  if (group && ::fchownat(file.get(), "", static_cast<uid_t>(-1), *group, AT_EMPTY_PATH) != 0)
    return group_refused(*group, errno);
  const std::string same = "/proc/self/fd/" + std::to_string(file.get());
  if (::chmod(same.c_str(), kSocketMode) != 0) return failed(errno);
  return Done{};
}

Result<Done> put_in_place(const FileDescriptor& socket, const std::string& temporary, const std::string& path,
                          std::optional<gid_t> group) {
  Result<Done> given = hand_over(temporary, group);
  if (!given.ok()) return given;
  if (::listen(socket.get(), kListeningBacklog) != 0) return failed(errno);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failed(errno);
  return Done{};
}

Result<FileDescriptor> listen_complete(const std::string& path, std::optional<gid_t> group) {
  const std::string temporary = temporary_beside(path);
  auto socket = bind_to(temporary);
  if (!socket.ok()) return socket;
  const Result<Done> put = put_in_place(*socket, temporary, path, group);
  if (put.ok()) return socket;
  ::unlink(temporary.c_str());
  return put.fault();
}

Result<Done> check_path(const std::string& path) {
  if (is_socket_path(path)) return Done{};
  return because("a socket's path has 107 bytes at most, its temporary name included");
}

Result<UnixListener> make_listener(const std::string& path, std::optional<gid_t> group) {
  const Result<Done> possible = check_path(path);
  if (!possible.ok()) return possible.fault();
  const Result<bool> in_open_folder = open_shared_folder(folder_of(path), group);
  if (!in_open_folder.ok()) return in_open_folder.fault();
  const Result<Done> replaceable = check_replaceable(path);
  if (!replaceable.ok()) return replaceable.fault();
  auto socket = listen_complete(path, group);
  if (!socket.ok()) return socket.fault();
  return UnixListener{std::move(*socket), SocketFile(path), *in_open_folder};
}

Result<Done> check_listener(const std::string& path, std::optional<gid_t> group) {
  Result<Done> possible = check_path(path);
  if (!possible.ok()) return possible;
  return check_shared_folder(folder_of(path), group);
}

Fault cannot_listen(const std::string& path, const Fault& why) {
  return Fault::internal("cannot listen on unix:" + path + ": " + why.message);
}

}  // namespace

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
  struct stat status {};
  if (::lstat(path_.c_str(), &status) != 0) return;
  device_ = status.st_dev;
  node_ = status.st_ino;
}

SocketFile& SocketFile::operator=(SocketFile&& other) noexcept {
  remove();
  path_ = std::exchange(other.path_, {});
  device_ = other.device_;
  node_ = other.node_;
  return *this;
}

void SocketFile::remove() {
  struct stat status {};
  const bool is_there = !path_.empty() && ::lstat(path_.c_str(), &status) == 0;
  if (is_there && status.st_dev == device_ && status.st_ino == node_) ::unlink(path_.c_str());
  path_.clear();
}

bool is_socket_path(std::string_view path) {
  const std::size_t folder = path.rfind('/');
  return path.starts_with('/') && !path.ends_with('/') && path.size() <= kLongestPath &&
         folder + kTemporaryName <= kLongestPath;
}

Result<UnixListener> listen_on_unix(const std::string& path, std::optional<gid_t> group) {
  auto listener = make_listener(path, group);
  if (!listener.ok()) return cannot_listen(path, listener.fault());
  return listener;
}

Result<Done> check_unix_listener(const std::string& path, std::optional<gid_t> group) {
  Result<Done> possible = check_listener(path, group);
  if (!possible.ok()) return cannot_listen(path, possible.fault());
  return possible;
}

}  // namespace sma
