#include "base/scheduler.h"

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/base/manual_scheduler.h"

namespace sma {
namespace {

struct Step final : Runnable {
  explicit Step(std::function<void()> what) : action(std::move(what)) {}
  void run() override { action(); }
  std::function<void()> action;
};

struct Alarm final : Timer {
  Alarm(Scheduler& scheduler, std::function<void()> what) : Timer(scheduler), action(std::move(what)) {}
  void run() override { action(); }
  std::function<void()> action;
};

TEST_CASE("a runnable and a timer of a method call that method of their owner") {
  class Owner {
   public:
    explicit Owner(Scheduler& scheduler) : late_(scheduler, *this) {
      scheduler.post(soon_);
      late_.arm(scheduler.now() + Seconds{1});
    }
    std::string calls;

   private:
    void run_soon() { calls += "soon "; }
    void run_late() { calls += "late "; }
    MemberRunnable<&Owner::run_soon> soon_{*this};
    MemberTimer<&Owner::run_late> late_;
  };
  ManualScheduler scheduler;
  Owner owner(scheduler);
  scheduler.run_until_idle();
  CHECK(owner.calls == "soon ");
  scheduler.advance(Seconds{1});
  CHECK(owner.calls == "soon late ");
}

TEST_CASE("what is posted runs in turn, once, and what that posts runs in the next turn") {
  ManualScheduler scheduler;
  std::string order;
  Step third([&] { order += '3'; });
  Step first([&] {
    order += '1';
    scheduler.post(third);
  });
  Step second([&] { order += '2'; });
  scheduler.post(first);
  scheduler.post(second);
  scheduler.post(first);
  CHECK(order.empty());
  scheduler.run_turn();
  CHECK(order == "12");
  scheduler.run_turn();
  CHECK(order == "123");
}

TEST_CASE("what is destroyed while it waits for its turn does not run") {
  ManualScheduler scheduler;
  int runs = 0;
  auto doomed = std::make_unique<Step>([&] { ++runs; });
  Step destroyer([&] { doomed.reset(); });
  scheduler.post(destroyer);
  scheduler.post(*doomed);
  scheduler.run_until_idle();
  CHECK(runs == 0);
}

TEST_CASE("timers run at their moment, the earliest first") {
  ManualScheduler scheduler;
  const TimePoint start = scheduler.now();
  std::vector<Nanoseconds> ran;
  std::vector<std::unique_ptr<Alarm>> alarms;
  for (const int seconds : {5, 1, 4, 1, 3, 2}) {
    alarms.push_back(std::make_unique<Alarm>(scheduler, [&] { ran.push_back(scheduler.now() - start); }));
    alarms.back()->arm(start + Seconds{seconds});
  }
  scheduler.advance(Seconds{10});
  CHECK(ran == std::vector<Nanoseconds>{Seconds{1}, Seconds{1}, Seconds{2}, Seconds{3}, Seconds{4}, Seconds{5}});
}

TEST_CASE("a timer in the past runs at once, and one armed again moves") {
  ManualScheduler scheduler;
  int runs = 0;
  Alarm alarm(scheduler, [&] { ++runs; });
  alarm.arm(scheduler.now() - Seconds{1});
  CHECK(alarm.armed());
  scheduler.run_until_idle();
  CHECK(runs == 1);
  CHECK_FALSE(alarm.armed());
  alarm.arm(scheduler.now() + Seconds{1});
  alarm.arm(scheduler.now() + Seconds{3});
  scheduler.advance(Seconds{2});
  CHECK(runs == 1);
  scheduler.advance(Seconds{1});
  CHECK(runs == 2);
}

TEST_CASE("disarming takes a timer back, also when it is due and only waits for its turn") {
  ManualScheduler scheduler;
  int runs = 0;
  Alarm other(scheduler, [&] { ++runs; });
  Alarm first(scheduler, [&] { other.disarm(); });
  first.arm(scheduler.now() + Seconds{1});
  other.arm(scheduler.now() + Seconds{1});
  scheduler.advance(Seconds{2});
  CHECK(runs == 0);
  CHECK_FALSE(scheduler.next_timer().has_value());
}

TEST_CASE("a timer may arm itself again while it runs") {
  ManualScheduler scheduler;
  int runs = 0;
  Alarm alarm(scheduler, [&] {
    if (++runs < 5) alarm.arm(scheduler.now() + Seconds{1});
  });
  alarm.arm(scheduler.now() + Seconds{1});
  scheduler.advance(Seconds{10});
  CHECK(runs == 5);
}

TEST_CASE("any mixture of arming, moving and disarming keeps the order") {
  ManualScheduler scheduler;
  std::mt19937 random(7);
  TimePoint last = scheduler.now();
  std::size_t runs = 0;
  std::vector<std::unique_ptr<Alarm>> alarms;
  for (int i = 0; i < 50; ++i)
    alarms.push_back(std::make_unique<Alarm>(scheduler, [&] {
      CHECK(scheduler.now() >= last);
      last = scheduler.now();
      ++runs;
    }));
  for (int round = 0; round < 5000; ++round) {
    Alarm& alarm = *alarms[random() % alarms.size()];
    if (random() % 3 == 0)
      alarm.disarm();
    else
      alarm.arm(scheduler.now() + Milliseconds{random() % 1000});
    if (random() % 10 == 0) scheduler.advance(Milliseconds{random() % 100});
  }
  scheduler.advance(Seconds{2});
  CHECK(runs > 100);
  for (const auto& alarm : alarms) CHECK_FALSE(alarm->armed());
}

}  // namespace
}  // namespace sma
