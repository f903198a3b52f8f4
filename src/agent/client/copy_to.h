#pragma once

#include <string>

namespace sma {

/// `copy-to`: writes the file that this process runs to `path`, with mode 0755, for an image that is to start its
/// program by `exec`. If `path` is a folder, the file in it has the program's name. The file appears complete or not at
/// all, and replaces what was there. Returns the exit code, and reports on standard error: why it failed, or that
/// programs in that file system cannot be run.
[[nodiscard]] int copy_to(const std::string& path);

}  // namespace sma
