#pragma once

#include <coroutine>

#include "base/scheduler.h"

namespace sma {

/// Something that happens once, and for which any number of coroutines wait. A waiter may be destroyed at any time.
///
///     co_await event.wait();
///     const bool happened = co_await event.wait_until(deadline);
class Event {
 public:
  explicit Event(Scheduler& scheduler) : scheduler_(scheduler) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  [[nodiscard]] bool is_set() const { return set_; }

  void set() {
    set_ = true;
    while (!waiters_.empty()) waiters_.pop_front().wake();
  }

  class Waiter : public ListHook {
   public:
    explicit Waiter(Event& event) : event_(event) {}
    bool await_ready() const { return event_.set_; }
    template <typename Promise>
    void await_suspend(std::coroutine_handle<Promise> parent) {
      parent_ = &parent.promise();
      event_.waiters_.push_back(*this);
    }
    void await_resume() const {}
    void wake() { event_.scheduler_.post(*parent_); }

   protected:
    Event& event_;
    Runnable* parent_ = nullptr;
  };

  class TimedWaiter final : public Waiter, private Timer {
   public:
    TimedWaiter(Event& event, TimePoint deadline) : Waiter(event), Timer(event.scheduler_), deadline_(deadline) {}
    template <typename Promise>
    void await_suspend(std::coroutine_handle<Promise> parent) {
      Waiter::await_suspend(parent);
      arm(deadline_);
    }
    /// False if the deadline came first.
    bool await_resume() {
      disarm();
      return event_.set_;
    }

   private:
    void run() override {
      Waiter::unlink();
      wake();
    }
    TimePoint deadline_;
  };

  [[nodiscard]] Waiter wait() { return Waiter(*this); }
  [[nodiscard]] TimedWaiter wait_until(TimePoint deadline) { return TimedWaiter(*this, deadline); }

 private:
  Scheduler& scheduler_;
  bool set_ = false;
  IntrusiveList<Waiter> waiters_;
};

/// `co_await FirstOf(a, b)` waits until one of the two is set.
class FirstOf {
 public:
  FirstOf(Event& a, Event& b) : a_(a), b_(b) {}
  bool await_ready() const { return a_.await_ready() || b_.await_ready(); }
  template <typename Promise>
  void await_suspend(std::coroutine_handle<Promise> parent) {
    a_.await_suspend(parent);
    b_.await_suspend(parent);
  }
  void await_resume() const {}

 private:
  Event::Waiter a_;
  Event::Waiter b_;
};

}  // namespace sma
