#include "os/log_writer.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "os/output_descriptor.h"
#include "tests/unit/base/log_lines.h"
#include "tests/unit/os/manual_clocks.h"

namespace sma {
namespace {

/// Takes as much as the test allows, on the loop.
class Sink final : public LogTarget {
 public:
  [[nodiscard]] bool may_block() const override { return false; }
  std::size_t write(std::string_view text, TimePoint /*now*/) override {
    ++calls;
    const std::size_t done = std::min(text.size(), room);
    taken += text.substr(0, done);
    room -= done;
    return done;
  }
  std::optional<Fault> take_fault() override { return std::exchange(fault, std::nullopt); }
  std::optional<Fault> fault;
  std::string taken;
  std::size_t room = static_cast<std::size_t>(-1);
  int calls = 0;
};

/// Hangs until the test opens it.
class HangingSink final : public LogTarget {
 public:
  [[nodiscard]] bool may_block() const override { return true; }
  std::size_t write(std::string_view text, TimePoint /*now*/) override {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return open_; });
    taken_ += text;
    return text.size();
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  std::string taken() {
    const std::lock_guard lock(mutex_);
    return taken_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  std::string taken_;
  bool open_ = false;
};

struct Fixture {
  void flush_at_end(LogWriter& writer) {
    LogWriter* const writers[] = {&writer};
    sma::flush_at_end(loop, writers);
  }

  ManualClocks clocks;
  EventLoop loop{clocks};
  BlockingCalls calls{loop};
  std::shared_ptr<Sink> sink = std::make_shared<Sink>();
  std::shared_ptr<HangingSink> hanging = std::make_shared<HangingSink>();
};

const std::string kLine = std::string(1023, 'x') + "\n";  // NOLINT(cert-err58-cpp)

TEST_CASE_FIXTURE(Fixture, "lines are written once a turn, in order") {
  LogWriter writer(loop, calls, sink);
  writer.write("one\n");
  writer.write("two\n");
  CHECK(sink->taken.empty());
  writer.run();
  CHECK(sink->taken == "one\ntwo\n");
  CHECK(sink->calls == 1);
}

TEST_CASE_FIXTURE(Fixture, "a fault of the target is logged at ERROR elsewhere") {
  LogWriter writer(loop, calls, sink);
  LogLines elsewhere;
  writer.tell_faults_to(elsewhere);
  writer.write("one\n");
  writer.run();
  sink->fault = Fault::internal("cannot write");
  writer.write("two\n");
  writer.run();
  writer.write("three\n");
  writer.run();
  CHECK(elsewhere.count("ERROR the log's lines are lost; if its folder was made again, restart the agent "
                        "reason=\"cannot write\"") == 1);
}

TEST_CASE_FIXTURE(Fixture, "the first line comes before those that wait") {
  LogWriter writer(loop, calls, sink);
  writer.write("log\n");
  writer.write_first("start\n");
  writer.run();
  CHECK(sink->taken == "start\nlog\n");
}

TEST_CASE_FIXTURE(Fixture, "what is not taken is tried again after a while, not each turn") {
  LogWriter writer(loop, calls, sink);
  sink->room = 2;
  writer.write("line\n");
  writer.run();
  sink->room = 100;
  writer.run();
  CHECK(sink->taken == "li");
  clocks.advance(Milliseconds(100));
  loop.turn(Milliseconds(0));
  loop.turn(Milliseconds(0));
  CHECK(sink->taken == "line\n");
}

TEST_CASE_FIXTURE(Fixture, "what does not fit is dropped and counted in one line, even if no further line comes") {
  LogWriter writer(loop, calls, sink);
  sink->room = 0;
  for (int i = 0; i < 1000; ++i) {
    writer.write(kLine);
    writer.run();
  }
  sink->room = static_cast<std::size_t>(-1);
  writer.flush();
  writer.flush();
  CHECK(sink->taken.substr(256 * kLine.size()).ends_with(" WARN log lines dropped count=744\n"));
  CHECK(writer.dropped() == 744);
}

TEST_CASE_FIXTURE(Fixture, "a target that hangs keeps the loop free; lines that came meanwhile follow or are counted") {
  LogWriter writer(loop, calls, hanging);
  loop.set_end_of_turn(&writer);
  for (int i = 0; i < 1000; ++i) {
    writer.write(kLine);
    loop.turn(Milliseconds(0));
  }
  CHECK(hanging->taken().empty());
  CHECK(writer.pending() == 256 * kLine.size());
  hanging->open();
  for (int turn = 0; turn < 60'000 && writer.pending() > 0; ++turn) loop.turn(Milliseconds(1));
  CHECK(hanging->taken().substr(256 * kLine.size()).ends_with(" WARN log lines dropped count=744\n"));
}

TEST_CASE_FIXTURE(Fixture, "a target that hangs delays the end for half a second only") {
  LogWriter writer(loop, calls, hanging);
  writer.write("line\n");
  flush_at_end(writer);
  CHECK(writer.pending() == 5);
  hanging->open();
}

TEST_CASE_FIXTURE(Fixture, "at the end lines for the thread are waited for") {
  LogWriter writer(loop, calls, hanging);
  hanging->open();
  for (int i = 0; i < 200; ++i) writer.write(kLine);
  flush_at_end(writer);
  CHECK(hanging->taken().size() == 200 * kLine.size());
}

TEST_CASE_FIXTURE(Fixture, "a reader that is slow gets every line before the end") {
  std::array<int, 2> ends{};
  REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
  FileDescriptor pipe_end(ends[1]);
  std::optional<LogWriter> writer;
  writer.emplace(loop, calls, std::make_shared<OutputDescriptor>(pipe_end.get()));
  for (int i = 0; i < 200; ++i) writer->write(kLine);
  std::size_t received = 0;
  std::thread reader([&, descriptor = ends[0]] {
    std::array<char, 1000> bytes{};
    for (ssize_t got; (got = read(descriptor, bytes.data(), bytes.size())) > 0;)
      received += static_cast<std::size_t>(got);
    close(descriptor);
  });
  flush_at_end(*writer);
  writer.reset();
  pipe_end.close();
  reader.join();
  CHECK(received == 200 * kLine.size());
}

}  // namespace
}  // namespace sma
