#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/intrusive_list.h"

namespace sma {

class Scheduler;

/// Something that waits for its turn in the ready queue. Destroying it takes it out of the queue.
class Runnable : public ListHook {
 public:
  virtual void run() = 0;

 protected:
  ~Runnable() = default;
};

/// A runnable that is put into the ready queue at a given moment. Destroying or disarming it takes that back, also
/// when it is due already and only waits for its turn.
class Timer : public Runnable {
 public:
  explicit Timer(Scheduler& scheduler) : scheduler_(scheduler) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Arming an armed timer moves it.
  void arm(TimePoint when);
  void disarm();
  [[nodiscard]] bool armed() const { return place_ != kNowhere || linked(); }
  [[nodiscard]] TimePoint when() const { return when_; }

 protected:
  ~Timer() { disarm(); }

 private:
  friend class Scheduler;
  static constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();

  Scheduler& scheduler_;
  TimePoint when_{};
  std::size_t place_ = kNowhere;  // in the scheduler's heap
};

/// A runnable that calls one method, `void method()`, of its owner, which must outlive it:
///
///     MemberRunnable<&Server::accept> accepting_{*this};
template <auto kMethod>
class MemberRunnable;
template <typename Owner, void (Owner::*kMethod)()>
class MemberRunnable<kMethod> final : public Runnable {
 public:
  explicit MemberRunnable(Owner& owner) : owner_(owner) {}
  void run() override { (owner_.*kMethod)(); }

 private:
  Owner& owner_;
};

/// A timer that calls one method of its owner: `MemberTimer<&Server::give_up> alarm_{scheduler, *this};`
template <auto kMethod>
class MemberTimer;
template <typename Owner, void (Owner::*kMethod)()>
class MemberTimer<kMethod> final : public Timer {
 public:
  MemberTimer(Scheduler& scheduler, Owner& owner) : Timer(scheduler), owner_(owner) {}
  void run() override { (owner_.*kMethod)(); }

 private:
  Owner& owner_;
};

/// The only source of time, and the queue of all that can run. `EventLoop` is the real one; tests use a
/// `ManualScheduler` and move its time themselves. For one thread.
class Scheduler {
 public:
  Scheduler() = default;
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// Time since boot, as of this turn of the loop.
  [[nodiscard]] virtual TimePoint now() const = 0;
  /// UTC, as the system's clock has it.
  [[nodiscard]] virtual WallTime wall_now() const = 0;

  /// Puts `runnable` at the end of the ready queue; one that is in it keeps its place.
  void post(Runnable& runnable) {
    if (!runnable.linked()) ready_.push_back(runnable);
  }

  /// `co_await scheduler.sleep_until(when)` in a `Task`. See base/task.h.
  struct Sleep {
    Scheduler& scheduler;
    TimePoint when;
  };
  [[nodiscard]] Sleep sleep_until(TimePoint when) { return {*this, when}; }

 protected:
  ~Scheduler() = default;

  [[nodiscard]] bool has_ready() const { return !ready_.empty(); }
  /// Runs what is in the queue now; what that adds waits for the next call.
  void run_ready();
  /// Puts every timer that is due at `now` into the ready queue, the earliest first.
  void post_due(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next_due() const;

 private:
  friend class Timer;
  void add(Timer& timer);
  void remove(Timer& timer);
  void settle(std::size_t place);
  void put(std::size_t place, Timer& timer);

  IntrusiveList<Runnable> ready_;
  std::vector<Timer*> heap_;  // a binary heap, the earliest first
};

}  // namespace sma
