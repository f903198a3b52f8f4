#include "http_client/name_lookup.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "tests/unit/os/manual_clocks.h"

namespace sma {
namespace {

/// A resolver on other threads whose answers the test gives.
class Resolver {
 public:
  Result<Addresses> ask(int family) {
    std::unique_lock lock(mutex_);
    ++asked_[family];
    changed_.notify_all();
    changed_.wait(lock, [&] { return answers_.contains(family); });
    return answers_.at(family);
  }
  void answer(int family, Result<Addresses> addresses) {
    const std::lock_guard lock(mutex_);
    answers_.insert_or_assign(family, std::move(addresses));
    changed_.notify_all();
  }
  void hold(int family) {
    const std::lock_guard lock(mutex_);
    answers_.erase(family);
  }
  void await_asked(int family, int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asked_[family] >= count; });
  }
  int asked(int family) {
    const std::lock_guard lock(mutex_);
    return asked_[family];
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<int, Result<Addresses>> answers_;
  std::map<int, int> asked_;
};

const Fault kNoServer = Fault::connection("no name server answers");

struct Fixture {
  ~Fixture() {
    resolver->answer(AF_INET, kNoServer);  // ends the threads that still wait
    resolver->answer(AF_INET6, kNoServer);
  }
  Task<Result<Addresses>> find(bool again = false, Seconds limit = Seconds(12)) {
    Task<Result<Addresses>> task = names.find("aws.example", again, loop.now() + limit);
    task.start(loop);
    loop.turn(Milliseconds(0));
    return task;
  }
  Result<Addresses> finish(Task<Result<Addresses>> task) {
    while (!task.done()) loop.turn(Milliseconds(1));
    return task.take();
  }
  /// Both families answer at once.
  Result<Addresses> find_now(bool again = false) { return finish(find(again)); }
  /// Waits until the answer of a family, which the test has given, has arrived in the loop.
  void settle() {
    for (int turns = 0; turns < 20; ++turns) loop.turn(Milliseconds(1));
  }

  ManualClocks clocks;
  EventLoop loop{clocks};
  std::shared_ptr<Resolver> resolver = std::make_shared<Resolver>();
  BlockingCalls calls{loop};
  NameLookup names{loop, calls,
                   [held = resolver](const std::string& /*name*/, int family) { return held->ask(family); }};
};

TEST_CASE_FIXTURE(Fixture, "both families are asked once for all that wait") {
  std::vector<Task<Result<Addresses>>> waiting;
  for (int i = 0; i < 1024; ++i) waiting.push_back(find());
  resolver->answer(AF_INET, Addresses{"192.0.2.1", "192.0.2.2"});
  resolver->answer(AF_INET6, Addresses{"2001:db8::1"});
  for (auto& task : waiting) {
    const Result<Addresses> found = finish(std::move(task));
    REQUIRE(found.ok());
    CHECK(*found == Addresses{"2001:db8::1", "192.0.2.1", "192.0.2.2"});
  }
  CHECK(resolver->asked(AF_INET) == 1);
  CHECK(resolver->asked(AF_INET6) == 1);
}

TEST_CASE_FIXTURE(Fixture, "a numeric address is its own answer") {
  for (const char* address : {"192.0.2.7", "2001:db8::7", "::1"}) {
    Task<Result<Addresses>> task = names.find(address, true, loop.now());
    task.start(loop);
    CHECK(*finish(std::move(task)) == Addresses{address});
  }
  CHECK(resolver->asked(AF_INET) == 0);
}

TEST_CASE_FIXTURE(Fixture, "a family that does not answer is waited for 50 ms after the other one has answered") {
  Task<Result<Addresses>> task = find();
  resolver->answer(AF_INET, Addresses{"192.0.2.1"});
  settle();
  CHECK_FALSE(task.done());
  clocks.advance(NameLookup::kOtherFamily);
  CHECK(*finish(std::move(task)) == Addresses{"192.0.2.1"});
}

TEST_CASE_FIXTURE(Fixture, "a family that has no address does not end the wait for the other") {
  Task<Result<Addresses>> task = find();
  resolver->answer(AF_INET6, kNoServer);
  settle();
  clocks.advance(Seconds(3));
  settle();
  CHECK_FALSE(task.done());
  resolver->answer(AF_INET, Addresses{"192.0.2.1"});
  CHECK(*finish(std::move(task)) == Addresses{"192.0.2.1"});
}

TEST_CASE_FIXTURE(Fixture, "addresses are kept for 30 seconds, and asked for again after that") {
  resolver->answer(AF_INET, Addresses{"192.0.2.1"});
  resolver->answer(AF_INET6, kNoServer);
  CHECK(find_now().ok());
  clocks.advance(NameLookup::kKept - Seconds(1));
  CHECK(find_now().ok());
  CHECK(resolver->asked(AF_INET) == 1);
  resolver->answer(AF_INET, Addresses{"192.0.2.9"});
  clocks.advance(Seconds(1));
  CHECK(*find_now() == Addresses{"192.0.2.9"});
  CHECK(resolver->asked(AF_INET) == 2);
}

TEST_CASE_FIXTURE(Fixture, "after a connection fault a new lookup is made at once") {
  resolver->answer(AF_INET, Addresses{"192.0.2.1"});
  resolver->answer(AF_INET6, kNoServer);
  CHECK(find_now().ok());
  resolver->answer(AF_INET, Addresses{"192.0.2.9"});
  CHECK(*find_now(true) == Addresses{"192.0.2.9"});
}

TEST_CASE_FIXTURE(Fixture, "a lookup goes on when the attempt that began it ends, and the next attempt joins it") {
  Task<Result<Addresses>> first = find(false, Seconds(12));
  resolver->await_asked(AF_INET, 1);
  clocks.advance(Seconds(12));
  const Result<Addresses> late = finish(std::move(first));
  REQUIRE_FALSE(late.ok());
  CHECK(late.fault().code == "TimeoutError");
  Task<Result<Addresses>> second = find(true);
  resolver->answer(AF_INET, Addresses{"192.0.2.1"});
  resolver->answer(AF_INET6, kNoServer);
  CHECK(finish(std::move(second)).ok());
  CHECK(resolver->asked(AF_INET) == 1);
}

TEST_CASE_FIXTURE(Fixture, "a failed lookup is not kept") {
  resolver->answer(AF_INET, kNoServer);
  resolver->answer(AF_INET6, kNoServer);
  const Result<Addresses> failed = find_now();
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.fault().code == "ConnectionError");
  CHECK(failed.fault().message == "no name server answers");
  resolver->answer(AF_INET, Addresses{"192.0.2.1"});
  CHECK(*find_now() == Addresses{"192.0.2.1"});
}

TEST_CASE_FIXTURE(Fixture, "the last good addresses are used while a new lookup fails") {
  resolver->answer(AF_INET, Addresses{"192.0.2.1"});
  resolver->answer(AF_INET6, kNoServer);
  CHECK(find_now().ok());
  clocks.advance(NameLookup::kKept);
  resolver->answer(AF_INET, kNoServer);
  CHECK(*find_now() == Addresses{"192.0.2.1"});
  CHECK(*find_now(true) == Addresses{"192.0.2.1"});
}

TEST_CASE_FIXTURE(Fixture, "the last good addresses are used while a new lookup takes long") {
  resolver->answer(AF_INET, Addresses{"192.0.2.1"});
  resolver->answer(AF_INET6, kNoServer);
  CHECK(find_now().ok());
  clocks.advance(NameLookup::kKept);
  resolver->hold(AF_INET);
  Task<Result<Addresses>> task = find();
  resolver->await_asked(AF_INET, 2);
  CHECK_FALSE(task.done());
  clocks.advance(NameLookup::kPatience);
  CHECK(*finish(std::move(task)) == Addresses{"192.0.2.1"});
}

TEST_CASE("the system's resolver finds what the hosts file has") {
  const Result<Addresses> found = NameLookup::ask_system("localhost", AF_INET);
  REQUIRE(found.ok());
  CHECK(found->front() == "127.0.0.1");
}

TEST_CASE("a name that cannot exist is a fault that names it") {
  const Result<Addresses> found = NameLookup::ask_system("no..such..name", AF_INET);
  REQUIRE_FALSE(found.ok());
  CHECK(found.fault().message.starts_with("cannot look up no..such..name: "));
}

}  // namespace
}  // namespace sma
