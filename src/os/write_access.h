#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"

namespace sma {

/// Why this process cannot make a file in `folder`, or cannot give what it makes to `group`. Messages are the reason
/// alone, with the remedy if there is one. Nothing is written. A folder that can be written by its mode may still be
/// full.
[[nodiscard]] Result<Done> check_write_access(const std::string& folder, std::optional<gid_t> group);

/// The faults after the kernel refused to make a file in `folder`, or to give one to `group`, with `error`.
[[nodiscard]] Fault folder_refused(const std::string& folder, int error);
[[nodiscard]] Fault group_refused(gid_t group, int error);

}  // namespace sma
