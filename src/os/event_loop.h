#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "base/scheduler.h"

namespace sma {

/// Is called with what happened to a descriptor that it watches. `events` are epoll's (EPOLLIN, EPOLLOUT, EPOLLHUP, …).
class Watcher {
 public:
  virtual void on_events(std::uint32_t events) = 0;

 protected:
  ~Watcher() = default;
};

/// A watcher that calls one method, `void method(std::uint32_t events)`, of its owner, which must outlive it:
/// `MemberWatcher<&Child::read> reading_{*this};`
template <auto kMethod>
class MemberWatcher;
template <typename Owner, void (Owner::*kMethod)(std::uint32_t)>
class MemberWatcher<kMethod> final : public Watcher {
 public:
  explicit MemberWatcher(Owner& owner) : owner_(owner) {}
  void on_events(std::uint32_t events) override { (owner_.*kMethod)(events); }

 private:
  Owner& owner_;
};
/// The same for a method that needs no `events`: what it does is the same for all of them.
template <typename Owner, void (Owner::*kMethod)()>
class MemberWatcher<kMethod> final : public Watcher {
 public:
  explicit MemberWatcher(Owner& owner) : owner_(owner) {}
  void on_events(std::uint32_t /*events*/) override { (owner_.*kMethod)(); }

 private:
  Owner& owner_;
};

/// The clocks of an event loop.
class Clocks {
 public:
  virtual ~Clocks() = default;
  [[nodiscard]] virtual TimePoint boot_now() const = 0;
  [[nodiscard]] virtual WallTime wall_now() const = 0;
  /// How long the machine has been suspended since boot.
  [[nodiscard]] virtual Nanoseconds suspended_time() const = 0;
};

/// CLOCK_BOOTTIME, which counts time suspended, CLOCK_REALTIME, and CLOCK_MONOTONIC, which does not.
class SystemClocks final : public Clocks {
 public:
  [[nodiscard]] TimePoint boot_now() const override;
  [[nodiscard]] WallTime wall_now() const override;
  [[nodiscard]] Nanoseconds suspended_time() const override;
};

/// The real scheduler: epoll (level-triggered), timers and the ready queue, on one thread. One turn runs what is ready,
/// then what is due, then waits for descriptors. `now` is read once a turn, and once more after waiting.
class EventLoop final : public Scheduler {
 public:
  explicit EventLoop(const Clocks& clocks);
  ~EventLoop();

  [[nodiscard]] TimePoint now() const override { return now_; }
  [[nodiscard]] WallTime wall_now() const override { return clocks_.wall_now(); }
  [[nodiscard]] Nanoseconds suspended_time() const { return clocks_.suspended_time(); }

  /// A fault means that nothing will be reported: the kernel has no memory or no room for the descriptor
  /// (/proc/sys/fs/epoll/max_user_watches), or cannot watch its kind. After a success `watcher` must unwatch before it
  /// is destroyed; it may do so inside `on_events`, its own or another's.
  Result<Done> watch(int descriptor, std::uint32_t events, Watcher& watcher);
  void change(int descriptor, std::uint32_t events, Watcher& watcher);
  void unwatch(int descriptor, Watcher& watcher);
  /// For a descriptor that is closed right after this call, which takes it out of epoll.
  void forget(const Watcher& watcher);

  /// Puts `runnable` into the ready queue of the next turn, after the events of descriptors: for work that has had its
  /// share of this turn.
  void post_next_turn(Runnable& runnable) {
    if (!runnable.linked()) next_turn_.push_back(runnable);
  }

  /// Something to run at the end of every turn, before waiting (the log's writer).
  void set_end_of_turn(Runnable* runnable) { end_of_turn_ = runnable; }

  /// Turns until `stop` is called.
  void run();
  void stop() { stopped_ = true; }
  /// One turn; waits at most `wait` of real time for something to happen. For tests, and for `run`.
  void turn(Milliseconds wait);

 private:
  void dispatch(int count);

  const Clocks& clocks_;
  IntrusiveList<Runnable> next_turn_;
  FileDescriptor epoll_;
  TimePoint now_;
  bool stopped_ = false;
  Runnable* end_of_turn_ = nullptr;
  std::array<epoll_event, 128> events_{};
  int event_count_ = 0;
  int event_next_ = 0;
};

}  // namespace sma
