#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

namespace sma::integration {

/// Whether this process may read others' memory: root, in a kernel that allows it.
[[nodiscard]] bool can_read_memory_of(pid_t pid);

/// How often `bytes` stand in all of the process's readable memory, looked at from outside (/proc/PID/mem).
[[nodiscard]] std::size_t copies_in_memory(pid_t pid, const std::string& bytes);

}  // namespace sma::integration
