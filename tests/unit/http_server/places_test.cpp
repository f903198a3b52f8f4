#include "http_server/places.h"

#include <doctest/doctest.h>
#include <malloc.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "tests/unit/http_server/server_fixture.h"

using namespace sma;

namespace {

const std::string kHalf = "GET /ping HTTP/1.1\r\nHo";

bool is_healthy(const std::string& answer) { return answer.find("200 OK") != std::string::npos; }
bool is_refused(const std::string& answer) { return answer.starts_with("HTTP/1.1 429 "); }

}  // namespace

TEST_CASE("at the limit the connection that is idle longest is closed for a new client") {
  ServerFixture fixture({.max_connections = 3});
  std::deque<TestClient> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(fixture);
    fixture.advance(Milliseconds(500));
  }
  CHECK(is_healthy(clients[0].ask(get("/ping"))));
  fixture.advance(Milliseconds(500));
  TestClient late(fixture);
  CHECK(is_healthy(late.ask(get("/x"))));
  CHECK_FALSE(clients[0].closed());
  CHECK(clients[1].closed());
  CHECK_FALSE(clients[2].closed());
  CHECK(fixture.handler.crowdings == std::vector{Crowding::closed_idle});
  CHECK(fixture.server.counts().evicted == 1);
}

TEST_CASE("a connection is not closed for a new client before it was idle for a second") {
  ServerFixture fixture({.max_connections = 1});
  TestClient regular(fixture);
  SUBCASE("since it was opened") {}
  SUBCASE("since it sent something") {
    fixture.advance(Seconds(5));
    CHECK(is_healthy(regular.ask(get("/ping"))));
  }
  SUBCASE("since its answer was sent") {
    regular.send(get("/wait"));
    fixture.advance(Seconds(5));
    fixture.handler.release();
    CHECK(is_healthy(regular.received()));
  }
  fixture.advance(Milliseconds(999));
  TestClient early(fixture);
  CHECK(is_refused(early.ask(get("/x"))));
  CHECK_FALSE(regular.closed());
  CHECK(fixture.handler.crowdings == std::vector{Crowding::no_place});
  CHECK(fixture.server.counts().evicted == 0);
  fixture.advance(Milliseconds(1));
  TestClient late(fixture);
  CHECK(is_healthy(late.ask(get("/x"))));
  CHECK(regular.closed());
}

TEST_CASE("a connection whose client never showed the token is closed before one whose client did") {
  ServerFixture fixture({.max_connections = 3});
  TestClient known(fixture);
  TestClient known_by_task(fixture);
  CHECK(is_healthy(known.ask(get("/known"))));
  known_by_task.send(get("/wait"));
  fixture.handler.release();
  CHECK(is_healthy(known_by_task.received()));
  fixture.advance(Seconds(10));
  TestClient unknown(fixture);
  CHECK(is_healthy(unknown.ask(get("/ping"))));
  fixture.advance(Seconds(1));
  std::deque<TestClient> later;
  for (TestClient* next : {&unknown, &known, &known_by_task}) {
    CHECK_FALSE(next->closed());
    CHECK(is_healthy(later.emplace_back(fixture).ask(get("/ping"))));
    CHECK(next->closed());
  }
  CHECK(is_refused(later.emplace_back(fixture).ask(get("/x"))));
}

TEST_CASE("a client that waited for its answer is known only if the answer says so") {
  ServerFixture fixture({.max_connections = 2});
  TestClient known(fixture);
  known.send(get("/wait"));
  fixture.advance(Seconds(1));
  TestClient unknown(fixture);
  unknown.send(get("/hold"));
  fixture.handler.release();
  CHECK(is_healthy(known.received()));
  CHECK(is_healthy(unknown.received()));
  fixture.advance(Seconds(1));
  TestClient next(fixture);
  CHECK(is_healthy(next.ask(get("/x"))));
  CHECK(unknown.closed());
  CHECK_FALSE(known.closed());
}

TEST_CASE("a request in hand keeps its connection, and new clients get 429") {
  ServerFixture fixture({.max_connections = 2});
  TestClient waiting(fixture);
  waiting.send(get("/wait"));
  TestClient sending(fixture);
  CHECK(is_healthy(sending.ask(get("/known"))));
  sending.send(kHalf);
  fixture.advance(Seconds(5));
  TestClient late(fixture);
  CHECK(is_refused(late.ask(get("/x"))));
  CHECK(is_healthy(sending.ask("st: x\r\n\r\n")));
  fixture.handler.release();
  CHECK(is_healthy(waiting.received()));
}

TEST_CASE("an unknown client that stalls in a request is closed for a new one, after all that are idle") {
  ServerFixture fixture({.max_connections = 3});
  TestClient half(fixture);
  half.send(kHalf);
  TestClient deaf(fixture, 4096);
  deaf.send(get("/big"));
  TestClient known(fixture);
  CHECK(is_healthy(known.ask(get("/known"))));
  fixture.advance(Seconds(1));
  TestClient first(fixture);
  CHECK(is_healthy(first.ask(get("/x"))));
  CHECK(known.closed());
  TestClient second(fixture);
  CHECK(is_healthy(second.ask(get("/x"))));
  CHECK(half.closed());
  TestClient third(fixture);
  CHECK(is_healthy(third.ask(get("/x"))));
  CHECK(fixture.server.connection_count() == 3);
}

TEST_CASE("a connection that lingers after its answer is closed for a new client") {
  ServerFixture fixture({.max_connections = 1, .linger_time = Seconds(10)});
  TestClient refused(fixture);
  CHECK(refused.ask("nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
  fixture.advance(Seconds(1));
  TestClient late(fixture);
  CHECK(is_healthy(late.ask(get("/x"))));
}

TEST_CASE("the two places for pings are freed in the same way") {
  ServerFixture fixture({.max_connections = 1});
  TestClient waiting(fixture);
  waiting.send(get("/wait"));
  std::deque<TestClient> idle;
  for (int i = 0; i < 2; ++i) idle.emplace_back(fixture);
  TestClient early(fixture);
  (void)early.ask(get("/ping"));
  CHECK(fixture.handler.admissions.back() == Admission::refused);
  fixture.advance(Seconds(1));
  TestClient late(fixture);
  CHECK(is_healthy(late.ask(get("/ping"))));
  CHECK(fixture.handler.admissions.back() == Admission::ping_only);
  CHECK(idle[0].closed());
  CHECK_FALSE(idle[1].closed());
}

TEST_CASE("while all places are taken, clients that wait to be accepted get one as soon as it can be freed") {
  ServerFixture fixture({.max_connections = 2});
  std::deque<TestClient> clients;
  for (int i = 0; i < 40; ++i) clients.emplace_back(fixture);
  CHECK(fixture.server.connection_count() == 18);
  TestClient late(fixture);
  CHECK(late.ask(get("/ping")).empty());
  // Each client in the backlog takes the place of one that was idle for a second.
  for (int seconds = 0; seconds < 3; ++seconds) fixture.advance(Seconds(1));
  CHECK(is_healthy(late.received()));
  CHECK(clients[0].closed());
  CHECK(fixture.server.connection_count() <= 18);
}

TEST_CASE("what has arrived on an idle connection is served before it could be closed for a new client") {
  ServerFixture fixture({.max_connections = 2});
  TestClient first(fixture);
  TestClient second(fixture);
  fixture.advance(Seconds(2));
  // The order of events is the kernel's: accepting may come before the request is read.
  first.push(get("/ping"));
  TestClient late(fixture);
  CHECK(is_healthy(late.ask(get("/x"))));
  CHECK(is_healthy(first.received()));
  CHECK_FALSE(first.closed());
  CHECK(second.closed());
}

TEST_CASE("an idle connection takes less than 450 bytes") {
  const std::size_t count = 100;
  ServerFixture fixture;
  std::vector<TestClient> clients;
  clients.reserve(count);
  clients.emplace_back(fixture);
  CHECK(is_healthy(clients[0].ask(get("/known"))));
  fixture.handler.seen.reserve(count);
  fixture.handler.admissions.reserve(count);
  const auto before = mallinfo2().uordblks;
  while (clients.size() < count) CHECK(is_healthy(clients.emplace_back(fixture).ask(get("/ping"))));
  const auto taken = mallinfo2().uordblks - before;
  CHECK(fixture.server.connection_count() == count);
  CHECK(taken / (count - 1) < 450);
}
