#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sma::integration {

/// Whether this process may read others' memory: root, in a kernel that allows it.
[[nodiscard]] bool can_read_memory_of(pid_t pid);

/// Where `bytes` stand in all of the process's readable memory, looked at from outside (/proc/PID/mem).
[[nodiscard]] std::vector<std::uint64_t> places_in_memory(pid_t pid, const std::string& bytes);
[[nodiscard]] std::size_t copies_in_memory(pid_t pid, const std::string& bytes);

/// What the kernel says of the mapping around an address, as two-letter flags (proc(5), VmFlags): `lo` is locked, `dd`
/// is left out of dumps.
[[nodiscard]] std::string memory_flags(pid_t pid, std::uint64_t address);

}  // namespace sma::integration
