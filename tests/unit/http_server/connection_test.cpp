#include "http_server/connection.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/http_server/server_fixture.h"

using namespace sma;

namespace {

struct Owner final : ConnectionOwner {
  Owner(EventLoop& event_loop, ServerObserver& server_observer) : ConnectionOwner(event_loop, server_observer, {}) {}
  void active(Connection& /*connection*/) override {}
  void closed(Connection& /*connection*/) override { ++ended; }
  int ended = 0;
};

}  // namespace

TEST_CASE("a connection that epoll cannot watch is closed, and the observer is notified") {
  const ManualClocks clocks;
  EventLoop loop(clocks);
  RecordingHandler handler(loop);
  Owner owner(loop, handler);
  // Epoll refuses regular files. The file ends in the middle of a head, so the connection must wait, and cannot.
  FileDescriptor file(memfd_create("connection", MFD_CLOEXEC));
  REQUIRE(write(file.get(), "GET /ping", 9) == 9);
  REQUIRE(lseek(file.get(), 0, SEEK_SET) == 0);
  Connection connection(owner, handler, std::move(file), Admission::regular);
  connection.start();
  CHECK(owner.ended == 1);
  CHECK(handler.losses == std::vector<std::string>{"cannot watch a descriptor: Operation not permitted"});
  CHECK(handler.seen.empty());
}
