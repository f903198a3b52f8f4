#include "os/threaded_files.h"

#include <doctest/doctest.h>

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <vector>

#include "tests/unit/base/temp_folder.h"
#include "tests/unit/os/manual_clocks.h"

namespace sma {
namespace {

/// Holds questions until the test lets them go. Shared with them, because one may outlive the test.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++callers_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void await_callers(int count) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, std::chrono::minutes(1), [&] { return callers_ >= count; }));
  }
  int callers() {
    const std::lock_guard lock(mutex_);
    return callers_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int callers_ = 0;
  bool open_ = false;
};

struct Fixture {
  Task<Result<int>> hang(const std::string& path) {
    Task<Result<int>> asking = files.ask<int>(path, [held = gate](const Files&) -> Result<int> {
      held->pass();
      return 1;
    });
    asking.start(loop);
    return asking;
  }
  Task<Result<int>> answer(const std::string& path, int value) {
    Task<Result<int>> asking = files.ask<int>(path, [value](const Files&) -> Result<int> { return value; });
    asking.start(loop);
    return asking;
  }
  template <typename T>
  Result<T> result_of(Task<Result<T>>& task) {
    for (int turn = 0; turn < 60'000 && !task.done(); ++turn) loop.turn(Milliseconds(1));
    REQUIRE(task.done());
    return task.take();
  }

  ManualClocks clocks;
  EventLoop loop{clocks};
  std::shared_ptr<Gate> gate = std::make_shared<Gate>();
  BlockingCalls calls{loop};
  ThreadedFiles files{loop, calls};
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a question is answered with what the file has, or with its fault") {
  const TempFolder folder;
  const std::string path = folder / "file";
  std::ofstream(path) << "content";
  auto reading = files.ask<WipedBytes>(path, [path](const Files& asked) { return asked.read(path); });
  reading.start(loop);
  CHECK(result_of(reading)->view() == "content");
  auto missing = files.ask<WipedBytes>("/none", [](const Files& asked) { return asked.read("/none"); });
  missing.start(loop);
  CHECK(result_of(missing).fault().message == "cannot read /none: No such file or directory");
}

TEST_CASE_FIXTURE(Fixture, "a file that hangs is a transient fault that names it, and delays no other") {
  Task<Result<int>> hanging = hang("/hung");
  loop.turn(Milliseconds(0));
  gate->await_callers(1);
  Task<Result<int>> other = answer("/other", 7);
  CHECK(*result_of(other) == 7);
  clocks.advance(ThreadedFiles::kPatience);
  const Result<int> result = result_of(hanging);
  REQUIRE_FALSE(result.ok());
  CHECK(result.fault().is_transient());
  CHECK(result.fault().message == "cannot read /hung: the file system did not answer in time");
  gate->open();
}

TEST_CASE_FIXTURE(Fixture, "a file that hangs occupies one thread, however often it is asked about") {
  std::vector<Task<Result<int>>> hanging;
  for (int i = 0; i < 4; ++i) {
    hanging.push_back(hang("/hung"));
    loop.turn(Milliseconds(0));
  }
  gate->await_callers(1);
  Task<Result<int>> other = answer("/other", 7);
  CHECK(*result_of(other) == 7);
  CHECK(gate->callers() == 1);
  clocks.advance(ThreadedFiles::kPatience);
  for (auto& task : hanging) CHECK_FALSE(result_of(task).ok());
  gate->open();
  Task<Result<int>> again = answer("/hung", 9);
  CHECK(*result_of(again) == 9);
}

TEST_CASE_FIXTURE(Fixture, "what asked may go away before the answer") {
  {
    const Task<Result<int>> hanging = hang("/hung");
    loop.turn(Milliseconds(0));
    gate->await_callers(1);
  }
  gate->open();
  Task<Result<int>> again = answer("/hung", 9);
  CHECK(*result_of(again) == 9);
}

}  // namespace sma
