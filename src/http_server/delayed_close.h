#pragma once

#include <array>
#include <cstddef>

#include "base/file_descriptor.h"
#include "base/scheduler.h"

namespace sma {

/// Closes sockets 50 to 100 ms after their last byte was sent. If a socket is closed at once and its client still sends
/// something, the kernel answers with a reset, which may take the answer away from the client. A socket waits here
/// without its connection: it costs no place, no memory and no epoll. One timer serves all, and not more often than
/// every 50 ms: a timer for each socket costs a tenth of the CPU time of an answer on a connection of its own.
class DelayedClose {
 public:
  static constexpr Milliseconds kDelay{50};
  static constexpr std::size_t kMost = 128;  ///< sockets at once: 1,280 a second always find room

  explicit DelayedClose(Scheduler& scheduler) : scheduler_(scheduler), due_(scheduler, *this) {}

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] bool has_room() const { return count_ < kMost; }
  /// Takes a socket on which all is sent: shuts its sending side down, and closes it later. There must be room.
  void add(FileDescriptor socket);
  /// Closes one now, if there is one, because its descriptor is needed.
  void close_oldest();

 private:
  struct Entry {
    FileDescriptor socket;
    TimePoint due{};
  };

  void close_due();

  Scheduler& scheduler_;
  std::array<Entry, kMost> entries_;  // a ring, the oldest at `oldest_`
  std::size_t oldest_ = 0;
  std::size_t count_ = 0;
  MemberTimer<&DelayedClose::close_due> due_;
};

}  // namespace sma
