#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sma {

/// The places of the process's mounts, in the text of /proc/self/mountinfo. Source: proc(5), "mount point": space, tab,
/// line end and backslash are written as `\` and three octal digits.
[[nodiscard]] std::vector<std::string> mount_points(std::string_view mountinfo);

}  // namespace sma
