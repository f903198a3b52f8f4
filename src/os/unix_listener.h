#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace sma {

/// The file of a listening Unix socket. It is removed with this object if it is still the same one: another program may
/// have put its own there.
class SocketFile final {
 public:
  SocketFile() = default;
  /// `path` must exist.
  explicit SocketFile(std::string path);
  SocketFile(SocketFile&& other) noexcept { *this = std::move(other); }
  SocketFile& operator=(SocketFile&& other) noexcept;
  ~SocketFile() { remove(); }

  /// Must be called before the socket is closed, which keeps the file's inode number from being used again.
  void remove();
  /// Empty if there is none.
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_{};
  dev_t device_ = 0;
  ino_t node_ = 0;
};

struct UnixListener {
  FileDescriptor socket{};
  SocketFile file{};            ///< is removed before the socket is closed
  bool in_open_folder = false;  ///< everybody can replace the file
};

/// Whether a socket can be made at `path`, which must be absolute: the kernel takes 107 bytes, also of the temporary
/// name beside it.
[[nodiscard]] bool is_socket_path(std::string_view path);

/// Listens at `path`, non-blocking. The file appears complete: with mode 0660, of `group` if there is one, and with its
/// backlog. It replaces a socket on which nobody listens any more. If the last folder is missing, it is made with mode
/// 0750 and that group. Must be called while the process has one thread, because it sets the umask for a moment.
///
/// Faults: something listens there; what is there is no socket, or belongs to another user; everybody can write in the
/// folder, whose sticky bit is set; another user may have put a part of the path there (`FileRule::not_planted`); the
/// folder cannot be written; the group may not be given.
[[nodiscard]] Result<UnixListener> listen_on_unix(const std::string& path, std::optional<gid_t> group);

/// The faults of `listen_on_unix` that can be known without making anything, but not that something listens there: it
/// may be the running agent.
[[nodiscard]] Result<Done> check_unix_listener(const std::string& path, std::optional<gid_t> group);

}  // namespace sma
