#include "base/event.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/task.h"
#include "tests/unit/base/manual_scheduler.h"

namespace sma {
namespace {

Task<void> wait(Event& event, std::string& order, char name) {
  co_await event.wait();
  order += name;
}

Task<bool> wait_until(Event& event, TimePoint deadline) {
  const bool happened = co_await event.wait_until(deadline);
  co_return happened;
}

TEST_CASE("all waiters resume when it happens, in the order they came") {
  ManualScheduler scheduler;
  Event event(scheduler);
  std::string order;
  std::vector<Task<void>> tasks;
  for (const char name : {'a', 'b', 'c'}) tasks.push_back(started(scheduler, wait(event, order, name)));
  CHECK(order.empty());
  event.set();
  CHECK(event.is_set());
  CHECK(order.empty());
  scheduler.run_until_idle();
  CHECK(order == "abc");
}

TEST_CASE("a coroutine that comes afterwards does not wait") {
  ManualScheduler scheduler;
  Event event(scheduler);
  event.set();
  std::string order;
  const Task<void> task = started(scheduler, wait(event, order, 'a'));
  CHECK(order == "a");
  Task<bool> timed = started(scheduler, wait_until(event, scheduler.now()));
  CHECK(timed.take());
}

TEST_CASE("a waiter may be destroyed") {
  ManualScheduler scheduler;
  Event event(scheduler);
  std::string order;
  const Task<void> a = started(scheduler, wait(event, order, 'a'));
  Task<void> b = started(scheduler, wait(event, order, 'b'));
  Task<void> c = started(scheduler, wait(event, order, 'c'));
  b = {};
  event.set();
  c = {};
  scheduler.run_until_idle();
  CHECK(order == "a");
}

TEST_CASE("a deadline that comes first ends the wait, and the event comes too late for it") {
  ManualScheduler scheduler;
  Event event(scheduler);
  Task<bool> task = started(scheduler, wait_until(event, scheduler.now() + Seconds{5}));
  scheduler.advance(Seconds{5} - Nanoseconds{1});
  CHECK_FALSE(task.done());
  scheduler.advance(Nanoseconds{1});
  REQUIRE(task.done());
  CHECK_FALSE(task.take());
  event.set();
  scheduler.run_until_idle();
}

TEST_CASE("an event before the deadline ends the wait and leaves no timer") {
  ManualScheduler scheduler;
  Event event(scheduler);
  Task<bool> task = started(scheduler, wait_until(event, scheduler.now() + Seconds{5}));
  event.set();
  scheduler.run_until_idle();
  REQUIRE(task.done());
  CHECK(task.take());
  CHECK_FALSE(scheduler.next_timer().has_value());
}

TEST_CASE("event and deadline in one moment wake the waiter once, and the event counts") {
  struct Setter final : Timer {
    Setter(Scheduler& scheduler, Event& of) : Timer(scheduler), event(of) {}
    void run() override { event.set(); }
    Event& event;
  };
  for (const bool event_first : {true, false}) {
    ManualScheduler scheduler;
    Event event(scheduler);
    Setter setter(scheduler, event);
    const TimePoint when = scheduler.now() + Seconds{1};
    if (event_first) setter.arm(when);
    Task<bool> task = started(scheduler, wait_until(event, when));
    if (!event_first) setter.arm(when);
    scheduler.advance(Seconds{2});
    REQUIRE(task.done());
    CHECK(task.take());
  }
}

TEST_CASE("a waiter with a deadline may be destroyed at any moment") {
  ManualScheduler scheduler;
  Event event(scheduler);
  { const Task<bool> task = started(scheduler, wait_until(event, scheduler.now() + Seconds{5})); }
  CHECK_FALSE(scheduler.next_timer().has_value());
  Task<bool> task = started(scheduler, wait_until(event, scheduler.now() + Seconds{5}));
  event.set();
  task = {};
  scheduler.run_until_idle();
  CHECK_FALSE(scheduler.next_timer().has_value());
}

Task<void> wait_for_first(Event& a, Event& b, int& resumed) {
  co_await FirstOf(a, b);
  ++resumed;
}

TEST_CASE("a waiter for the first of two events resumes once, whichever it is") {
  for (const int which : {1, 2, 3}) {
    ManualScheduler scheduler;
    Event a(scheduler);
    Event b(scheduler);
    int resumed = 0;
    const Task<void> waiting = started(scheduler, wait_for_first(a, b, resumed));
    CHECK(resumed == 0);
    if ((which & 1) != 0) a.set();
    if ((which & 2) != 0) b.set();
    scheduler.run_until_idle();
    CHECK(resumed == 1);
    a.set();
    b.set();
    scheduler.run_until_idle();
    CHECK(resumed == 1);
    const Task<void> late = started(scheduler, wait_for_first(a, b, resumed));
    CHECK(resumed == 2);
  }
}

TEST_CASE("a waiter for the first of two events may be destroyed") {
  ManualScheduler scheduler;
  Event a(scheduler);
  Event b(scheduler);
  int resumed = 0;
  { const Task<void> waiting = started(scheduler, wait_for_first(a, b, resumed)); }
  a.set();
  b.set();
  scheduler.run_until_idle();
  CHECK(resumed == 0);
}

}  // namespace
}  // namespace sma
