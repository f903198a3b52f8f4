#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include "base/scheduler.h"
#include "base/task.h"

namespace sma {

/// A scheduler whose time only moves if a test moves it.
class ManualScheduler final : public Scheduler {
 public:
  [[nodiscard]] TimePoint now() const override { return now_; }
  [[nodiscard]] WallTime wall_now() const override { return wall_start_ + (now_ - kStart); }

  /// Runs what is due at this moment, and what that makes ready, until nothing can go on without time.
  void run_until_idle() {
    post_due(now_);
    while (has_ready()) {
      run_ready();
      post_due(now_);
    }
  }

  /// Runs one turn of the ready queue only.
  void run_turn() { run_ready(); }

  /// Lets time pass, stopping at each timer on the way.
  void advance_to(TimePoint when) {
    run_until_idle();
    for (auto due = next_due(); due && *due <= when; due = next_due()) {
      now_ = std::max(now_, *due);
      run_until_idle();
    }
    now_ = std::max(now_, when);
  }
  void advance(Nanoseconds time) { advance_to(now_ + time); }

  /// Time passes, but nothing runs meanwhile: the machine was suspended.
  void suspend(Nanoseconds time) { now_ += time; }

  void set_wall(WallTime wall) { wall_start_ = wall - (now_ - kStart); }
  [[nodiscard]] std::optional<TimePoint> next_timer() const { return next_due(); }

 private:
  static constexpr TimePoint kStart{Seconds{1000}};
  TimePoint now_ = kStart;
  WallTime wall_start_{Seconds{1'800'000'000}};
};

/// Starts a task and lets it run as far as it can without time.
template <typename T>
Task<T> started(ManualScheduler& scheduler, Task<T> task) {
  task.start(scheduler);
  scheduler.run_until_idle();
  return task;
}

}  // namespace sma
