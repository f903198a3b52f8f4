#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sma {

/// A folder in which the agent puts something for other programs: its socket, or files. A fault's message is the reason
/// alone.

/// The folder that the absolute `path` names, with the slash at its end.
[[nodiscard]] std::string folder_of(std::string_view path);

/// Makes the last folder of the path if it is missing, with mode 0750 and the group, if there is one. Returns whether
/// everybody can replace what is in the folder. Faults: it cannot be made; everybody can write in it, and its sticky
/// bit is set; another user may have put a part of the path there (`FileRule::not_planted`).
[[nodiscard]] Result<bool> open_shared_folder(const std::string& folder, std::optional<gid_t> group);

/// The faults of `open_shared_folder`, and those of making something in it, that can be known without making anything.
[[nodiscard]] Result<Done> check_shared_folder(const std::string& folder, std::optional<gid_t> group);

}  // namespace sma
