#pragma once

#include <sys/stat.h>

#include <string>

#include "base/result.h"

namespace sma {

/// Which files are read. Another user who can write in a folder can put a file, or a link, there first.
enum class FileRule {
  any,
  /// Not one that another user put into a folder in which everybody can write (`/tmp`, `/dev/shm`): each part of the
  /// path that is in such a folder (its sticky bit set, so that what is there stays) must belong to this process's user
  /// or to root, and the file has no second name. The same holds for the links on the way and where they lead to.
  not_planted,
  /// And, in any folder, a regular file of this process's user or of root that is no link, has no second name, and that
  /// others can neither read nor change.
  own,
};

/// Whether an opened file may be read.
struct FilePlace {
  bool in_open_folder = false;  ///< everybody can write in its folder and replace what is there (no sticky bit)
};

/// Looks at the file that was opened by `path`. `opened` is what fstat(2) says of it. A fault's message is the reason
/// alone. `rule` is not `any`.
[[nodiscard]] Result<FilePlace> check_place(const std::string& path, const struct stat& opened, FileRule rule);

}  // namespace sma
