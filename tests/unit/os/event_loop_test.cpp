#include "os/event_loop.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>

#include "base/event.h"
#include "base/task.h"
#include "os/run_task.h"
#include "tests/unit/os/manual_clocks.h"

namespace sma {
namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    reader = FileDescriptor(ends[0]);
    writer = FileDescriptor(ends[1]);
  }
  FileDescriptor reader;
  FileDescriptor writer;
};

struct Counter final : Watcher {
  void on_events(std::uint32_t /*events*/) override {
    ++calls;
    if (victim != nullptr) {
      loop->unwatch(victim_descriptor, *victim);
      victim = nullptr;
    }
  }
  int calls = 0;
  EventLoop* loop = nullptr;
  Watcher* victim = nullptr;
  int victim_descriptor = -1;
};

Task<void> sleep_then_note(Scheduler& scheduler, Nanoseconds time, bool& noted) {
  co_await scheduler.sleep_until(scheduler.now() + time);
  noted = true;
}

TEST_CASE("a watcher is called for a readable descriptor, in every turn until it reads") {
  const ManualClocks clocks;
  EventLoop loop(clocks);
  Pipe pipe;
  Counter counter;
  REQUIRE(loop.watch(pipe.reader.get(), EPOLLIN, counter).ok());
  REQUIRE(write(pipe.writer.get(), "x", 1) == 1);
  loop.turn(Milliseconds(0));
  loop.turn(Milliseconds(0));
  CHECK(counter.calls == 2);
  loop.unwatch(pipe.reader.get(), counter);
  loop.turn(Milliseconds(0));
  CHECK(counter.calls == 2);
}

TEST_CASE("a descriptor that the kernel cannot watch is a fault, and its watcher may go at once") {
  const ManualClocks clocks;
  EventLoop loop(clocks);
  const FileDescriptor file(memfd_create("unwatchable", MFD_CLOEXEC));
  REQUIRE(file.valid());
  {
    Counter counter;
    const Result<Done> watched = loop.watch(file.get(), EPOLLIN, counter);
    REQUIRE_FALSE(watched.ok());
    CHECK(watched.fault().message == "cannot watch a descriptor: Operation not permitted");
  }
  loop.turn(Milliseconds(0));
}

TEST_CASE("the loop turns until a task has ended, one task after the other") {
  const ManualClocks clocks;
  EventLoop loop(clocks);
  const auto number = [](int result) -> Task<int> { co_return result; };
  CHECK(run_to_its_end(loop, number(1)) == 1);
  CHECK(run_to_its_end(loop, number(2)) == 2);
}

TEST_CASE("a watcher of a method calls that method of its owner, with or without the events") {
  struct Owner {
    void on_readable(std::uint32_t happened) { events = happened; }
    void count() { ++calls; }
    std::uint32_t events = 0;
    int calls = 0;
    MemberWatcher<&Owner::on_readable> readable{*this};
    MemberWatcher<&Owner::count> counter{*this};
  };
  const ManualClocks clocks;
  EventLoop loop(clocks);
  Pipe one;
  Pipe two;
  Owner owner;
  REQUIRE(loop.watch(one.reader.get(), EPOLLIN, owner.readable).ok());
  REQUIRE(loop.watch(two.reader.get(), EPOLLIN, owner.counter).ok());
  REQUIRE(write(one.writer.get(), "x", 1) == 1);
  REQUIRE(write(two.writer.get(), "x", 1) == 1);
  loop.turn(Milliseconds(0));
  CHECK(owner.events == EPOLLIN);
  CHECK(owner.calls == 1);
}

TEST_CASE("a watcher that another one takes away in the same turn is not called") {
  const ManualClocks clocks;
  EventLoop loop(clocks);
  Pipe one;
  Pipe two;
  Counter first;
  Counter second;
  first.loop = second.loop = &loop;
  first.victim = &second;
  first.victim_descriptor = two.reader.get();
  second.victim = &first;
  second.victim_descriptor = one.reader.get();
  REQUIRE(loop.watch(one.reader.get(), EPOLLIN, first).ok());
  REQUIRE(loop.watch(two.reader.get(), EPOLLIN, second).ok());
  REQUIRE(write(one.writer.get(), "x", 1) == 1);
  REQUIRE(write(two.writer.get(), "x", 1) == 1);
  loop.turn(Milliseconds(0));
  CHECK(first.calls + second.calls == 1);
}

TEST_CASE("a sleeping task resumes when the clock, and only the clock, has reached its time") {
  ManualClocks clocks;
  EventLoop loop(clocks);
  bool noted = false;
  Task<void> task = sleep_then_note(loop, Seconds(15), noted);
  task.start(loop);
  loop.turn(Milliseconds(0));
  clocks.advance(Seconds(14));
  loop.turn(Milliseconds(0));
  loop.turn(Milliseconds(0));
  CHECK_FALSE(noted);
  clocks.advance(Seconds(1));
  for (int turn = 0; turn < 3; ++turn) loop.turn(Milliseconds(0));
  CHECK(noted);
  CHECK(task.done());
}

TEST_CASE("a destroyed task is never resumed, neither by its timer nor from the ready queue") {
  ManualClocks clocks;
  EventLoop loop(clocks);
  bool noted = false;
  {
    Task<void> task = sleep_then_note(loop, Seconds(1), noted);
    task.start(loop);
    loop.turn(Milliseconds(0));
    clocks.advance(Seconds(2));
  }
  for (int turn = 0; turn < 3; ++turn) loop.turn(Milliseconds(0));
  CHECK_FALSE(noted);
}

}  // namespace
}  // namespace sma
