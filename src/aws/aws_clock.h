#pragma once

#include "base/scheduler.h"

namespace sma {

/// UTC as AWS has it: the system's clock and the offset that answers of AWS showed it to be wrong by. Expiry times are
/// judged with it.
class AwsClock {
 public:
  explicit AwsClock(const Scheduler& scheduler) : scheduler_(scheduler) {}

  [[nodiscard]] WallTime now() const { return scheduler_.wall_now() + offset_; }
  /// How far AWS's clock is ahead of the system's; set by who calls AWS.
  void set_offset(Nanoseconds offset) { offset_ = offset; }

 private:
  const Scheduler& scheduler_;
  Nanoseconds offset_{0};
};

}  // namespace sma
