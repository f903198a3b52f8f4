#include "http_server/delayed_close.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <vector>

#include "tests/unit/base/manual_scheduler.h"

using namespace sma;

namespace {

/// Sockets in the hands of a DelayedClose, seen from their other ends.
struct Fixture {
  ManualScheduler scheduler;
  DelayedClose closing{scheduler};
  std::vector<FileDescriptor> others;

  void add() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    others.emplace_back(ends[1]);
    closing.add(FileDescriptor(ends[0]));
  }
  /// How many can no longer be written to.
  [[nodiscard]] std::size_t closed() const {
    std::size_t count = 0;
    for (const FileDescriptor& other : others)
      if (send(other.get(), "x", 1, MSG_NOSIGNAL) < 0) ++count;
    return count;
  }
};

}  // namespace

TEST_CASE("a socket is shut down at once for sending, and closed after 50 to 100 ms") {
  Fixture fixture;
  fixture.add();
  char byte = 0;
  CHECK(recv(fixture.others[0].get(), &byte, 1, 0) == 0);
  fixture.scheduler.advance(Milliseconds(30));
  fixture.add();
  fixture.scheduler.advance(Milliseconds(19));
  CHECK(fixture.closed() == 0);
  fixture.scheduler.advance(Milliseconds(1));
  CHECK(fixture.closed() == 1);
  fixture.scheduler.advance(Milliseconds(29));
  CHECK(fixture.closed() == 1);
  fixture.scheduler.advance(Milliseconds(21));
  CHECK(fixture.closed() == 2);
  fixture.add();
  fixture.scheduler.advance(Milliseconds(50));
  CHECK(fixture.closed() == 3);
}

TEST_CASE("there is room for 128 sockets, and again once they are closed") {
  Fixture fixture;
  for (int round = 0; round < 3; ++round) {
    while (fixture.closing.has_room()) fixture.add();
    CHECK(fixture.others.size() == DelayedClose::kMost);
    CHECK(fixture.closed() == 0);
    fixture.scheduler.advance(Milliseconds(50));
    CHECK(fixture.closed() == fixture.others.size());
    fixture.others.clear();
    CHECK(fixture.closing.has_room());
  }
}
