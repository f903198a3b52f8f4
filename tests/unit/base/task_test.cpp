#include "base/task.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "base/event.h"
#include "tests/unit/base/manual_scheduler.h"

namespace sma {
namespace {

/// Counts the objects that exist.
struct Token {
  explicit Token(int& count) : alive(count) { ++alive; }
  Token(const Token& other) : alive(other.alive) { ++alive; }
  Token& operator=(const Token&) = delete;
  ~Token() { --alive; }
  int& alive;
};

Task<int> number(int value) { co_return value; }

Task<int> sum(int depth) {
  if (depth == 0) co_return 0;
  Task<int> rest = sum(depth - 1);
  const int below = co_await std::move(rest);
  co_return depth + below;
}

Task<std::unique_ptr<int>> boxed(int value) { co_return std::make_unique<int>(value); }

Task<void> wait_for(Event& event, Token token, int& passed) {
  const Token local = token;
  co_await event.wait();
  ++passed;
}

Task<void> outer(Event& event, Token token, int& passed) {
  Task<void> inner = wait_for(event, token, passed);
  co_await std::move(inner);
  ++passed;
}

Task<void> doze(Scheduler& scheduler, Nanoseconds time, int& woken) {
  const Scheduler::Sleep sleep = scheduler.sleep_until(scheduler.now() + time);
  co_await sleep;
  ++woken;
}

TEST_CASE("a task does nothing until it is started, and returns its value once it has run") {
  ManualScheduler scheduler;
  Task<int> task = number(7);
  scheduler.run_until_idle();
  CHECK_FALSE(task.done());
  task.start(scheduler);
  CHECK_FALSE(task.done());
  scheduler.run_until_idle();
  REQUIRE(task.done());
  CHECK(task.take() == 7);
}

TEST_CASE("an empty task is neither valid nor done") {
  const Task<int> task;
  CHECK_FALSE(task.valid());
  CHECK_FALSE(task.done());
}

TEST_CASE("values that can only be moved come through") {
  ManualScheduler scheduler;
  Task<std::unique_ptr<int>> task = started(scheduler, boxed(5));
  CHECK(*task.take() == 5);
}

TEST_CASE("tasks await tasks to any depth without using the stack") {
  ManualScheduler scheduler;
  Task<int> task = started(scheduler, sum(50'000));
  REQUIRE(task.done());
  CHECK(task.take() == 50'000 / 2 * 50'001);
}

TEST_CASE("destroying a waiting task cancels it with all it holds and awaits") {
  ManualScheduler scheduler;
  Event event(scheduler);
  int alive = 0;
  int passed = 0;
  {
    Task<void> task = started(scheduler, outer(event, Token(alive), passed));
    CHECK(alive > 0);
  }
  CHECK(alive == 0);
  event.set();
  scheduler.run_until_idle();
  CHECK(passed == 0);
}

TEST_CASE("a task may be destroyed in any turn") {
  for (int turns = 0; turns < 8; ++turns) {
    ManualScheduler scheduler;
    Event event(scheduler);
    int alive = 0;
    int passed = 0;
    Task<void> task = outer(event, Token(alive), passed);
    task.start(scheduler);
    for (int i = 0; i < turns; ++i) {
      if (i == 3) event.set();
      scheduler.run_turn();
    }
    task = {};
    scheduler.run_until_idle();
    CHECK(alive == 0);
  }
}

TEST_CASE("a waiter for a started task is resumed") {
  struct Waiter final : Runnable {
    void run() override { ++told; }
    int told = 0;
  };
  ManualScheduler scheduler;
  Waiter waiter;
  Task<int> task = number(1);
  task.start(scheduler, &waiter);
  scheduler.run_until_idle();
  CHECK(waiter.told == 1);
}

TEST_CASE("a sleeper wakes at its moment, and not before") {
  ManualScheduler scheduler;
  int woken = 0;
  const Task<void> task = started(scheduler, doze(scheduler, Seconds{3}, woken));
  scheduler.advance(Seconds{3} - Nanoseconds{1});
  CHECK(woken == 0);
  scheduler.advance(Nanoseconds{1});
  CHECK(woken == 1);
  CHECK(task.done());
}

TEST_CASE("a sleeper that is destroyed leaves no timer") {
  ManualScheduler scheduler;
  int woken = 0;
  { const Task<void> task = started(scheduler, doze(scheduler, Seconds{3}, woken)); }
  CHECK_FALSE(scheduler.next_timer().has_value());
}

TEST_CASE("a set of tasks drops each when it is done, and cancels the rest with itself") {
  ManualScheduler scheduler;
  Event event(scheduler);
  int alive = 0;
  int passed = 0;
  int woken = 0;
  {
    TaskSet tasks(scheduler);
    tasks.start(wait_for(event, Token(alive), passed));
    tasks.start(doze(scheduler, Seconds{1}, woken));
    tasks.start(doze(scheduler, Seconds{9}, woken));
    scheduler.run_until_idle();
    CHECK(tasks.size() == 3);
    event.set();
    scheduler.run_until_idle();
    CHECK(alive == 0);
    CHECK(tasks.size() == 2);
    scheduler.advance(Seconds{1});
    CHECK(tasks.size() == 1);
  }
  scheduler.advance(Seconds{10});
  CHECK(woken == 1);
}

Task<void> spawn(TaskSet& tasks, Scheduler& scheduler, int depth, int& ran) {
  ++ran;
  if (depth > 0) tasks.start(spawn(tasks, scheduler, depth - 1, ran));
  co_return;
}

TEST_CASE("a task of a set may start others in it") {
  ManualScheduler scheduler;
  TaskSet tasks(scheduler);
  int ran = 0;
  tasks.start(spawn(tasks, scheduler, 5, ran));
  scheduler.run_until_idle();
  CHECK(ran == 6);
  CHECK(tasks.size() == 0);
}

}  // namespace
}  // namespace sma
