#pragma once

#include <cstddef>
#include <string_view>

namespace sma {

/// What this thread has asked of the heap and of the kernel so far. The linker leads these calls of the whole test
/// program, libraries included, through counters (`--wrap`, see the Makefile's `COUNTED_CALLS`).
struct CallCounts {
  std::size_t allocations = 0;    ///< malloc, calloc, realloc, and what is made of them
  std::size_t reads = 0;          ///< read
  std::size_t writes = 0;         ///< writev
  std::size_t accepts = 0;        ///< accept4
  std::size_t closes = 0;         ///< close
  std::size_t waits = 0;          ///< epoll_wait
  std::size_t registrations = 0;  ///< epoll_ctl
  std::size_t others = 0;         ///< write, send, recv, shutdown, setsockopt

  /// The last piece of memory that writev was given.
  std::string_view last_written{};

  [[nodiscard]] CallCounts since(const CallCounts& before) const {
    return {.allocations = allocations - before.allocations,
            .reads = reads - before.reads,
            .writes = writes - before.writes,
            .accepts = accepts - before.accepts,
            .closes = closes - before.closes,
            .waits = waits - before.waits,
            .registrations = registrations - before.registrations,
            .others = others - before.others,
            .last_written = last_written};
  }
};

[[nodiscard]] CallCounts counted_calls();

/// While this lives, epoll takes no further descriptor of this thread: ENOSPC, as for a user with too many watches.
class FullEpoll {
 public:
  FullEpoll();
  ~FullEpoll();
  FullEpoll(const FullEpoll&) = delete;
  FullEpoll& operator=(const FullEpoll&) = delete;
};

}  // namespace sma
