#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"

namespace sma {

/// Where a file belongs.
struct FileTarget {
  std::string path;
  mode_t mode = 0440;
  std::optional<gid_t> group{};  ///< none: what the kernel gives it
  bool in_memory = false;        ///< its file system has no disk: nothing has to be waited for
  dev_t folder_device = 0;       ///< of its folder at the start
  ino_t folder_node = 0;
};

enum class FileChange { none, replaced };

/// Puts `content` at the path, under a temporary name first and complete: a reader sees the old file or the new one. A
/// file that has these bytes, mode and group already is not touched. What it wrote in vain is removed.
///
/// It may wait for a disk. A fault says why the file could not be written; if the folder was removed and made again, it
/// says that, because the sandbox allows to write in the old one only.
[[nodiscard]] Result<FileChange> write_file(const FileTarget& target, std::string_view content, Random& random);

}  // namespace sma
