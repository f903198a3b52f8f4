#pragma once

#include <algorithm>

#include "base/clock.h"
#include "base/random.h"

namespace sma {

/// The waits before something is tried again: each is a random time from half of a limit to the whole of it, and the
/// limit doubles from `first` up to `longest`. So a fleet does not ask at one moment.
class GrowingWait {
 public:
  GrowingWait(Nanoseconds first, Nanoseconds longest) : first_(first), limit_(first), longest_(longest) {}

  [[nodiscard]] Nanoseconds next(Random& random) {
    const Nanoseconds limit = std::min(limit_, longest_);
    limit_ = limit * 2;
    return limit / 2 + random.part_of(limit / 2);
  }
  /// It succeeded: the next wait is a first one.
  void reset() { limit_ = first_; }

 private:
  Nanoseconds first_;
  Nanoseconds limit_;
  Nanoseconds longest_;
};

}  // namespace sma
