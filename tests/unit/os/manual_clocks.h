#pragma once

#include "os/event_loop.h"

namespace sma {

/// Clocks that a test moves itself, for a real event loop. Wall time starts at 2026-01-01T00:00:00Z.
class ManualClocks final : public Clocks {
 public:
  [[nodiscard]] TimePoint boot_now() const override { return boot_; }
  [[nodiscard]] WallTime wall_now() const override { return wall_; }
  void advance(Nanoseconds time) {
    boot_ += time;
    wall_ += time;
  }
  [[nodiscard]] Nanoseconds suspended_time() const override { return suspended_; }
  /// Time passes, and the machine is suspended meanwhile.
  void suspend(Nanoseconds time) {
    advance(time);
    suspended_ += time;
  }
  void set_wall(WallTime wall) { wall_ = wall; }

 private:
  TimePoint boot_{Seconds(1000)};
  Nanoseconds suspended_{0};
  WallTime wall_{Seconds(1767225600)};
};

}  // namespace sma
