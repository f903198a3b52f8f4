#pragma once

#include <coroutine>
#include <cstddef>
#include <list>
#include <optional>
#include <utility>

#include "base/scheduler.h"

namespace sma {

/// What every coroutine of ours has in common: the scheduler it runs on and its place in the ready queue. Coroutines
/// are resumed from that queue only, never from inside another one or a library's callback: stacks stay short, and
/// destroying a waiting coroutine is always safe.
class PromiseBase : public Runnable {
 public:
  [[nodiscard]] Scheduler& scheduler() const { return *scheduler_; }

  void run() override { handle_.resume(); }

  std::suspend_always initial_suspend() noexcept { return {}; }
  auto final_suspend() noexcept {
    struct PostWaiter {
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<>) noexcept {
        if (promise.waiter_ != nullptr) promise.scheduler_->post(*promise.waiter_);
      }
      void await_resume() noexcept {}
      PromiseBase& promise;
    };
    return PostWaiter{*this};
  }
  void unhandled_exception() noexcept {}

  // Frames hold credentials and half-made requests: wiped when freed.
  static void* operator new(std::size_t size);
  static void operator delete(void* frame, std::size_t size);

 protected:
  ~PromiseBase() = default;
  std::coroutine_handle<> handle_{};

 private:
  template <typename>
  friend class Task;
  Scheduler* scheduler_ = nullptr;
  Runnable* waiter_ = nullptr;
};

/// A coroutine that returns one `T`. It does nothing until awaited or started; destroying it cancels it, wherever it
/// waits. Arguments of a coroutine are taken by value.
template <typename T>
class [[nodiscard]] Task {
 public:
  struct promise_type;

  Task() = default;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  /// Puts the coroutine into the ready queue of `scheduler`; `waiter`, if any, is posted when it is done.
  void start(Scheduler& scheduler, Runnable* waiter = nullptr) {
    handle_.promise().scheduler_ = &scheduler;
    handle_.promise().waiter_ = waiter;
    scheduler.post(handle_.promise());
  }
  [[nodiscard]] bool valid() const { return static_cast<bool>(handle_); }
  [[nodiscard]] bool done() const { return handle_ && handle_.done(); }
  /// The result of a task that is done; once.
  T take() { return handle_.promise().take(); }

  struct Awaiter {
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    void await_suspend(std::coroutine_handle<Promise> parent) noexcept {
      PromiseBase& promise = handle.promise();
      promise.scheduler_ = &parent.promise().scheduler();
      promise.waiter_ = &parent.promise();
      promise.scheduler_->post(promise);
    }
    T await_resume() { return handle.promise().take(); }
    std::coroutine_handle<promise_type> handle;
  };
  Awaiter operator co_await() && noexcept { return Awaiter{handle_}; }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_{};
};

template <typename T>
struct Task<T>::promise_type final : PromiseBase {
  promise_type() { handle_ = std::coroutine_handle<promise_type>::from_promise(*this); }
  Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
  void return_value(T value) { value_.emplace(std::move(value)); }
  T take() { return std::move(*value_); }

 private:
  std::optional<T> value_;
};

template <>
struct Task<void>::promise_type final : PromiseBase {
  promise_type() { handle_ = std::coroutine_handle<promise_type>::from_promise(*this); }
  Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
  void return_void() {}
  void take() {}
};

/// What `co_await scheduler.sleep_until(when)` does.
class SleepAwaiter final : public Timer {
 public:
  explicit SleepAwaiter(Scheduler::Sleep sleep)
      : Timer(sleep.scheduler), scheduler_(sleep.scheduler), when_(sleep.when) {}
  bool await_ready() const noexcept { return false; }
  template <typename Promise>
  void await_suspend(std::coroutine_handle<Promise> parent) {
    sleeper_ = &parent.promise();
    arm(when_);
  }
  void await_resume() const noexcept {}
  void run() override { scheduler_.post(*sleeper_); }

 private:
  Scheduler& scheduler_;
  TimePoint when_;
  Runnable* sleeper_ = nullptr;
};

inline SleepAwaiter operator co_await(Scheduler::Sleep sleep) { return SleepAwaiter(sleep); }

/// Running tasks that no task awaits. Each is dropped after it ends; the set cancels all when it is destroyed.
class TaskSet final : private Runnable {
 public:
  explicit TaskSet(Scheduler& scheduler) : scheduler_(scheduler) {}
  TaskSet(const TaskSet&) = delete;
  TaskSet& operator=(const TaskSet&) = delete;
  ~TaskSet() = default;

  void start(Task<void> task) {
    tasks_.push_back(std::move(task));
    tasks_.back().start(scheduler_, this);
  }
  [[nodiscard]] std::size_t size() const { return tasks_.size(); }
  void cancel_all() { tasks_.clear(); }

 private:
  void run() override {
    tasks_.remove_if([](const Task<void>& task) { return task.done(); });
  }

  Scheduler& scheduler_;
  std::list<Task<void>> tasks_;
};

}  // namespace sma
