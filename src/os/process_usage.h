#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/files.h"

namespace sma {

/// What the kernel says of this process. Without /proc only the CPU time is known.
struct ProcessUsage {
  Nanoseconds cpu_time{0};  ///< of all threads, user and system
  std::optional<std::uint64_t> resident_bytes{};
  std::optional<std::uint64_t> open_files{};
  std::optional<std::uint64_t> max_open_files{};  ///< also none if there is no limit
};

/// Reads /proc/self by `files`; the descriptors are counted in the real one. Source: proc(5).
[[nodiscard]] ProcessUsage process_usage(const Files& files);

/// When this process was started. `now` and `wall_now` are the same moment.
[[nodiscard]] std::optional<WallTime> process_start(const Files& files, TimePoint now, WallTime wall_now);

}  // namespace sma
