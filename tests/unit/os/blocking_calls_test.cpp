#include "os/blocking_calls.h"

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "tests/unit/os/manual_clocks.h"

namespace sma {
namespace {

/// A call that hangs until the test opens the gate. Held by the calls as well, so that one may outlive the test.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    arrived_.notify_all();
    opened_.wait(lock, [&] { return open_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  int callers() {
    const std::lock_guard lock(mutex_);
    return waiting_;
  }
  void await_callers(int count) {
    std::unique_lock lock(mutex_);
    REQUIRE(arrived_.wait_for(lock, std::chrono::minutes(1), [&] { return waiting_ >= count; }));
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  std::condition_variable arrived_;
  int waiting_ = 0;
  bool open_ = false;
};

using Kind = BlockingCalls::Kind;

struct Fixture {
  Task<Result<int>> hang(Kind kind, TimePoint deadline = TimePoint::max()) {
    return calls.run<int>(
        kind,
        [held = gate]() -> Result<int> {
          held->pass();
          return 1;
        },
        deadline);
  }
  Task<Result<int>> answer(Kind kind, int value) {
    return calls.run<int>(
        kind, [value]() -> Result<int> { return value; }, TimePoint::max());
  }
  void finish(const Task<Result<int>>& task) {
    // A turn runs what is ready before it waits: a short wait lets the last one return.
    for (int turn = 0; turn < 60'000 && !task.done(); ++turn) loop.turn(Milliseconds(1));
    REQUIRE(task.done());
  }

  ManualClocks clocks;
  EventLoop loop{clocks};
  std::shared_ptr<Gate> gate = std::make_shared<Gate>();
  BlockingCalls calls{loop};
};

TEST_CASE_FIXTURE(Fixture, "the result of a blocking call comes back to the loop") {
  Task<Result<int>> task = answer(Kind::file_read, 17);
  task.start(loop);
  finish(task);
  const Result<int> result = task.take();
  REQUIRE(result.ok());
  CHECK(*result == 17);
}

TEST_CASE_FIXTURE(Fixture, "a fault of the work is the caller's fault") {
  auto task = calls.run<int>(
      Kind::file_read, []() -> Result<int> { return Fault::internal("no such file"); }, TimePoint::max());
  task.start(loop);
  finish(task);
  const Result<int> result = task.take();
  REQUIRE_FALSE(result.ok());
  CHECK(result.fault().message == "no such file");
}

TEST_CASE_FIXTURE(Fixture, "what hangs occupies only its own kind") {
  std::vector<Task<Result<int>>> hanging;
  for (std::size_t i = 0; i < BlockingCalls::threads_of(Kind::file_read); ++i) {
    hanging.push_back(hang(Kind::file_read));
    hanging.back().start(loop);
  }
  loop.turn(Milliseconds(0));
  gate->await_callers(static_cast<int>(hanging.size()));
  for (const Kind kind : {Kind::name_lookup, Kind::log_write}) {
    Task<Result<int>> task = answer(kind, 3);
    task.start(loop);
    finish(task);
    CHECK(*task.take() == 3);
  }
  gate->open();
  for (const auto& task : hanging) finish(task);
}

TEST_CASE_FIXTURE(Fixture, "a full queue refuses the next call, and a caller that leaves makes room") {
  std::vector<Task<Result<int>>> hanging;
  const std::size_t threads = BlockingCalls::threads_of(Kind::log_write);
  for (std::size_t i = 0; i < threads + BlockingCalls::kWaiting; ++i) {
    hanging.push_back(hang(Kind::log_write));
    hanging.back().start(loop);
    loop.turn(Milliseconds(0));
    if (i < threads) gate->await_callers(static_cast<int>(i) + 1);
  }
  Task<Result<int>> refused = answer(Kind::log_write, 1);
  refused.start(loop);
  finish(refused);
  const Result<int> result = refused.take();
  REQUIRE_FALSE(result.ok());
  CHECK(result.fault().code == "Busy");
  CHECK(result.fault().http_status == 503);

  hanging.pop_back();
  Task<Result<int>> taken = answer(Kind::log_write, 5);
  taken.start(loop);
  loop.turn(Milliseconds(0));
  CHECK_FALSE(taken.done());
  gate->open();
  finish(taken);
  CHECK(*taken.take() == 5);
}

TEST_CASE_FIXTURE(Fixture, "a call that does not return by its deadline is a time-out") {
  Task<Result<int>> task = hang(Kind::name_lookup, loop.now() + Seconds(12));
  task.start(loop);
  loop.turn(Milliseconds(0));
  gate->await_callers(1);
  clocks.advance(Seconds(12));
  finish(task);
  const Result<int> result = task.take();
  REQUIRE_FALSE(result.ok());
  CHECK(result.fault().code == "TimeoutError");
  gate->open();
}

TEST_CASE("a call that hangs may outlive its callers, and is freed when it returns") {
  const auto gate = std::make_shared<Gate>();
  const auto freed = std::make_shared<Gate>();
  {
    const ManualClocks clocks;
    EventLoop loop(clocks);
    BlockingCalls calls(loop);
    const std::shared_ptr<int> held(new int(1), [freed](const int* number) {
      delete number;
      freed->open();
    });
    auto task = calls.run<int>(
        Kind::file_read,
        [gate, held]() -> Result<int> {
          gate->pass();
          return *held;
        },
        TimePoint::max());
    task.start(loop);
    loop.turn(Milliseconds(0));
    gate->await_callers(1);
  }
  gate->open();
  freed->pass();  // returns once the call's own objects are gone
  CHECK(gate->callers() == 1);
}

}  // namespace
}  // namespace sma
