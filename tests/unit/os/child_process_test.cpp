#include "os/child_process.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cerrno>
#include <future>
#include <memory>
#include <string>
#include <vector>

using namespace sma;

namespace {

struct ProcessFixture : Runnable {
  Result<ProcessOutput> run(std::vector<std::string> argv, Nanoseconds limit = Seconds(60)) {
    auto task = processes.run(std::move(argv), environment, loop.now() + limit);
    task.start(loop, this);
    loop.run();
    return task.take();
  }
  void run() override { loop.stop(); }
  void wait_for_their_end() {
    for (int i = 0; i < 3000 && processes.size() > 0; ++i) loop.turn(Milliseconds(10));
    CHECK(processes.size() == 0);
  }
  Result<ProcessOutput> shell(const std::string& script, Nanoseconds limit = Seconds(60)) {
    return run({"sh", "-c", script}, limit);
  }

  SystemClocks clocks;
  Environment environment = Environment::of_process();
  EventLoop loop{clocks};
  BlockingCalls calls{loop};
  ChildProcesses processes{loop, calls};
};

std::string output(const Result<ProcessOutput>& result) {
  REQUIRE(result.ok());
  return std::string(result->output.view());
}

}  // namespace

TEST_CASE("a program's output and exit status are read") {
  ProcessFixture fixture;
  const auto result = fixture.run({"printf", "%s|%s", "a b", "c"});
  CHECK(output(result) == "a b|c");
  CHECK(result->exit_status == 0);
  CHECK(fixture.shell("echo x; exit 3")->exit_status == 3);
  CHECK(fixture.shell("kill -TERM $$")->exit_status == 128 + SIGTERM);
  CHECK(fixture.processes.size() == 0);
}

TEST_CASE("a program gets the environment that it is given, and no other") {
  ProcessFixture fixture;
  fixture.environment = Environment({{"ONE", "1 = one"}, {"TWO", ""}});
  CHECK(output(fixture.run({"env"})) == "ONE=1 = one\nTWO=\n");
}

TEST_CASE("a program that cannot be started is a fault that says why") {
  ProcessFixture fixture;
  const auto result = fixture.run({"/no/such/program"});
  REQUIRE_FALSE(result.ok());
  CHECK(result.fault().message == "cannot run /no/such/program: No such file or directory");
  CHECK_FALSE(fixture.run({}).ok());
}

TEST_CASE("a program has no input, its own group, and default signals") {
  ProcessFixture fixture;
  CHECK(output(fixture.run({"cat"})).empty());
  CHECK(output(fixture.shell("ps -o pgid= -p $$ 2>/dev/null | tr -d ' ' | grep -qx $$ && echo own || cut -d' ' -f5 "
                             "/proc/$$/stat | grep -qx $$ && echo own"))
            .starts_with("own"));
  struct sigaction ignore {};
  struct sigaction old {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGHUP, &ignore, &old);
  CHECK(fixture.shell("kill -HUP $$")->exit_status == 128 + SIGHUP);
  ::sigaction(SIGHUP, &old, nullptr);
}

TEST_CASE("a program inherits none of our descriptors but standard error") {
  ProcessFixture fixture;
  CHECK(output(fixture.shell("ls -l /proc/$$/fd | grep -c anon_inode")) == "0\n");
}

TEST_CASE("a program that takes too long is killed with all it started") {
  ProcessFixture fixture;
  const auto result = fixture.shell("sleep 1000 & sleep 1000", Milliseconds(50));
  REQUIRE_FALSE(result.ok());
  CHECK(result.fault().http_status == 504);
  fixture.wait_for_their_end();
}

TEST_CASE("the end of a program is seen although our parent ignored SIGCHLD") {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGCHLD, &ignore, nullptr);
  ProcessFixture fixture;
  CHECK(fixture.shell("exit 3")->exit_status == 3);
}

TEST_CASE("the end of each of many programs is seen, although their signals may be one") {
  ProcessFixture fixture;
  std::vector<Task<Result<ProcessOutput>>> tasks;
  for (int i = 0; i < 20; ++i) {
    tasks.push_back(fixture.processes.run({"sh", "-c", "exit " + std::to_string(i)}, fixture.environment,
                                          fixture.loop.now() + Seconds(60)));
    tasks.back().start(fixture.loop);
  }
  for (int i = 0; i < 20; ++i) {
    auto& task = tasks[static_cast<std::size_t>(i)];
    for (int turn = 0; turn < 6000 && !task.done(); ++turn) fixture.loop.turn(Milliseconds(10));
    REQUIRE(task.done());
    CHECK(task.take()->exit_status == i);
  }
}

TEST_CASE("a program that writes too much is killed") {
  ProcessFixture fixture;
  CHECK(fixture.run({"yes"}).fault().message == "yes wrote more than 64 KiB");
  CHECK(output(fixture.shell("head -c 65536 /dev/zero")).size() == 65536);
  fixture.wait_for_their_end();
}

TEST_CASE("what a program leaves running does not keep us waiting") {
  ProcessFixture fixture;
  const std::string text = output(fixture.shell("sleep 1000 & echo $!"));
  CHECK(::kill(std::stoi(text), SIGKILL) == 0);
}

TEST_CASE("a task that is destroyed kills its program, which is reaped") {
  ProcessFixture fixture;
  {
    auto task = fixture.processes.run({"sleep", "1000"}, fixture.environment, fixture.loop.now() + Seconds(60));
    task.start(fixture.loop);
    fixture.loop.turn(Milliseconds(0));
    CHECK_FALSE(task.done());
  }
  fixture.wait_for_their_end();
}

TEST_CASE("a program that cannot be started in time is a fault, and the loop goes on meanwhile") {
  ProcessFixture fixture;
  const auto opened = std::make_shared<std::promise<void>>();
  // What hangs in execve(2) occupies the thread for starting programs.
  auto hanging = fixture.calls.run<int>(
      BlockingCalls::Kind::spawn,
      [opened]() -> Result<int> {
        opened->get_future().wait();
        return 1;
      },
      TimePoint::max());
  hanging.start(fixture.loop);
  fixture.loop.turn(Milliseconds(0));
  const auto result = fixture.run({"true"}, Milliseconds(1));
  REQUIRE_FALSE(result.ok());
  CHECK(result.fault().message == "true could not be started in time");
  CHECK(result.fault().is_transient());
  CHECK(fixture.processes.size() == 0);
  opened->set_value();
  CHECK(fixture.run({"true"})->exit_status == 0);
}

TEST_CASE("a program whose task is destroyed while it is started is killed, and reaped") {
  ProcessFixture fixture;
  for (int i = 0; i < 20; ++i) {
    auto task = fixture.processes.run({"sleep", "1000"}, fixture.environment, fixture.loop.now() + Seconds(60));
    task.start(fixture.loop);
    fixture.loop.turn(Milliseconds(0));
  }
  // The thread starts one program after another: this is the last.
  CHECK(fixture.run({"true"})->exit_status == 0);
  siginfo_t info{};
  for (int i = 0; i < 3000 && ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0; ++i)
    fixture.loop.turn(Milliseconds(10));
  CHECK(errno == ECHILD);
}

TEST_CASE("orphans that became ours are reaped, our own children keep their status") {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ProcessFixture fixture;
  const auto result = fixture.shell("(sleep 0 & echo $!) ; exit 7");
  CHECK(result->exit_status == 7);
  const pid_t orphan = std::stoi(output(result));
  for (int i = 0; i < 3000 && ::kill(orphan, 0) == 0; ++i) {
    fixture.loop.turn(Milliseconds(10));
  }
  CHECK(::kill(orphan, 0) != 0);
  auto task = fixture.processes.run({"sh", "-c", "exit 8"}, fixture.environment, fixture.loop.now() + Seconds(60));
  task.start(fixture.loop);
  for (int i = 0; i < 3000 && !task.done(); ++i) fixture.loop.turn(Milliseconds(10));
  CHECK(task.take()->exit_status == 8);
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}
