#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "tests/unit/http_server/server_fixture.h"

using namespace sma;

TEST_CASE("past the limit two connections are for pings, and the others are answered 429") {
  ServerFixture fixture({.max_connections = 3});
  std::deque<TestClient> clients;
  for (int i = 0; i < 6; ++i) clients.emplace_back(fixture);
  for (auto& client : clients) client.send(get("/x"));
  using enum Admission;
  CHECK(fixture.handler.admissions == std::vector{regular, regular, regular, ping_only, ping_only, refused});
  CHECK(clients[0].received().ends_with("healthy"));
  CHECK_FALSE(clients[0].closed());
  const std::string answer = clients[5].received();
  CHECK(answer.starts_with("HTTP/1.1 429 Too Many Requests\r\n"));
  CHECK(answer.find("Connection: close\r\n") != std::string::npos);
  CHECK(clients[5].closed());
}

TEST_CASE("the limit holds for the connections of all listening sockets together") {
  ServerFixture fixture({.max_connections = 2});
  TestClient first(fixture);
  auto second_socket = listen_on_loopback(0);
  REQUIRE(second_socket.ok());
  fixture.server.listen(std::move(second_socket->ipv4), fixture.handler);
  fixture.port = second_socket->port;
  TestClient second(fixture);
  TestClient third(fixture);
  for (TestClient* client : {&first, &second, &third}) client->send(get("/x"));
  using enum Admission;
  CHECK(fixture.handler.admissions == std::vector{regular, regular, ping_only});
  CHECK(fixture.server.connection_count() == 3);
}

TEST_CASE("a connection past the limit is closed after its one answer, a ping too") {
  ServerFixture fixture({.max_connections = 1});
  TestClient regular(fixture);
  TestClient extra(fixture);
  CHECK(count(extra.ask(get("/ping") + get("/ping")), "HTTP/1.1 200 OK") == 1);
  CHECK(extra.closed());
}

TEST_CASE("places become free again") {
  ServerFixture fixture({.max_connections = 1});
  { TestClient first(fixture); }
  fixture.settle();
  TestClient second(fixture);
  CHECK(second.ask(get("/x")).ends_with("healthy"));
}

TEST_CASE("at 16 connections over the limit nothing is accepted until one closes") {
  ServerFixture fixture({.max_connections = 2});
  std::deque<TestClient> clients;
  for (int i = 0; i < 20; ++i) clients.emplace_back(fixture);
  CHECK(fixture.server.connection_count() == 18);
  CHECK(clients[19].ask(get("/x")).empty());
  clients[0].close();
  clients[5].close();
  CHECK(clients[18].ask(get("/x")).find("200 OK") != std::string::npos);
  CHECK(clients[19].received().find("429") != std::string::npos);
}

TEST_CASE("800 idle connections cost nothing but their place") {
  ServerFixture fixture;
  std::deque<TestClient> idle;
  // Not all of them fit if the limit of descriptors is low.
  rlimit descriptors{};
  getrlimit(RLIMIT_NOFILE, &descriptors);
  const std::size_t wanted = std::min<std::size_t>(799, (descriptors.rlim_cur - 50) / 2);
  while (idle.size() < wanted) idle.emplace_back(fixture);
  CHECK(fixture.server.connection_count() == wanted);
  TestClient client(fixture);
  fixture.advance(Seconds(74));
  CHECK(client.ask(get("/x")).ends_with("healthy"));
  fixture.advance(Seconds(1));
  CHECK(fixture.server.connection_count() == 1);
  CHECK(idle.front().closed());
}

TEST_CASE("accepting pauses if descriptors run out, and connected clients are not delayed") {
  ServerFixture fixture;
  TestClient client(fixture);
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit few{256, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  std::vector<FileDescriptor> others;
  do {
    others.emplace_back(dup(0));
  } while (others.back().valid());
  others.resize(others.size() - 2);
  // The client's own socket fits, the accepted one does not.
  TestClient outside(fixture);
  CHECK(fixture.server.connection_count() == 1);
  CHECK(client.ask(get("/x")).ends_with("healthy"));
  CHECK(outside.ask(get("/x")).empty());
  others.clear();
  CHECK(outside.received().empty());
  fixture.advance(Milliseconds(100));
  CHECK(outside.received().ends_with("healthy"));
  setrlimit(RLIMIT_NOFILE, &before);
}

TEST_CASE("a head that is not complete after 10 s is answered 408") {
  ServerFixture fixture;
  TestClient client(fixture);
  fixture.advance(Seconds(40));
  client.send("GET / HTTP/1.1\r\n");
  fixture.advance(Milliseconds(9999));
  client.send("Host: x\r\n");
  CHECK(client.received().empty());
  fixture.advance(Milliseconds(1));
  CHECK(client.received().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  CHECK(client.closed());
  CHECK(fixture.handler.refusals == std::vector<std::string>{"408 request head not sent in time"});
}

TEST_CASE("an idle connection is closed after 75 s, counted from its last answer") {
  ServerFixture fixture;
  TestClient client(fixture);
  fixture.advance(Seconds(70));
  CHECK(client.ask(get("/x")).ends_with("healthy"));
  fixture.advance(Seconds(74));
  CHECK_FALSE(client.closed());
  fixture.advance(Seconds(1));
  CHECK(client.closed());
  CHECK(client.received().empty());
}

TEST_CASE("a request that came while the process was frozen is answered, however long that was") {
  ServerFixture fixture;
  TestClient client(fixture);
  CHECK(client.ask("GET /ping HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 200"));
  client.push("GET /ping HTTP/1.1\r\nHost: x\r\n\r\n");
  fixture.advance(Seconds(1000));
  CHECK(client.received().starts_with("HTTP/1.1 200"));
  fixture.advance(Seconds(75) - Milliseconds(1));
  CHECK_FALSE(client.closed());
  client.push("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  fixture.advance(Seconds(60));
  fixture.handler.release();
  fixture.settle();
  CHECK(client.received().starts_with("HTTP/1.1 200"));
  client.push("GET /pi");
  fixture.advance(Seconds(1000));
  CHECK_FALSE(client.closed());
  CHECK(client.ask("ng HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 200"));
  fixture.advance(Seconds(1000));
  CHECK(client.closed());
}

TEST_CASE("a stray blank line between requests does not begin one") {
  ServerFixture fixture;
  TestClient client(fixture);
  CHECK(client.ask(get("/x") + "\r\n").ends_with("healthy"));
  fixture.advance(Seconds(20));
  CHECK(client.ask(get("/x")).ends_with("healthy"));
}

TEST_CASE("a body that takes longer than 61 s ends the connection") {
  ServerFixture fixture;
  TestClient client(fixture);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n");
  fixture.advance(Seconds(60));
  client.send("hell");
  CHECK_FALSE(client.closed());
  fixture.advance(Seconds(1));
  CHECK(client.closed());
}

TEST_CASE("an answer that is not ready in 61 s ends the connection and its task") {
  ServerFixture fixture;
  TestClient client(fixture);
  client.send(get("/wait"));
  fixture.advance(Seconds(60));
  CHECK(fixture.handler.waiting == 1);
  fixture.advance(Seconds(1));
  CHECK(fixture.handler.waiting == 0);
  CHECK(client.closed());
}

TEST_CASE("a pipelined request has its own time, which begins when its turn comes") {
  ServerFixture fixture;
  TestClient client(fixture);
  SUBCASE("for its head") {
    client.send(get("/wait") + "GET /ping HTTP/1.1\r\n");
    fixture.advance(Seconds(40));
    fixture.handler.release();
    CHECK(client.received().ends_with("waited"));
    fixture.advance(Milliseconds(9999));
    CHECK(client.ask("Host: x\r\n\r\n").ends_with("healthy"));
  }
  SUBCASE("for its body and answer") {
    client.send(get("/wait") + "POST /ping HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhell");
    fixture.advance(Seconds(40));
    fixture.handler.release();
    CHECK(client.received().ends_with("waited"));
    fixture.advance(Seconds(61) - Milliseconds(1));
    CHECK(client.ask("o").ends_with("healthy"));
  }
}

TEST_CASE("a client that does not read its answer delays nobody, holds one reference, and is dropped after 61 s") {
  ServerFixture fixture;
  TestClient stuck(fixture, 4096);
  TestClient other(fixture);
  stuck.send(get("/big") + get("/ping"));
  CHECK(other.ask(get("/ping")).ends_with("healthy"));
  CHECK(fixture.handler.seen == std::vector<std::string>{"GET /big", "GET /ping"});
  fixture.advance(Seconds(60));
  CHECK(fixture.server.connection_count() == 2);
  fixture.advance(Seconds(1));
  CHECK(fixture.server.connection_count() == 1);
}

TEST_CASE("100 clients that never read hold 64 KB each on the send side at most, however much they ask for") {
  ServerFixture fixture;
  std::deque<TestClient> clients;
  for (int i = 0; i < 100; ++i) clients.emplace_back(fixture, 4096);
  std::string pings;
  for (int i = 0; i < 1000; ++i) pings += get("/ping");
  for (TestClient& client : clients) client.send_some(pings);
  for (int i = 0; i < 10; ++i) fixture.settle();
  const std::vector<SendMemory> held = send_memory(fixture.port);
  REQUIRE(held.size() == clients.size());
  std::size_t sum = 0;
  for (const SendMemory& memory : held) sum += memory.queued;
  CHECK(sum > 0);
  CHECK(sum / held.size() < 64000);
}

TEST_CASE("the send buffer is small until the first answer that needs a large one, and is set once") {
  ServerFixture fixture;
  TestClient client(fixture);
  CHECK(client.ask(get("/ping")).ends_with("healthy"));
  CHECK(send_memory(fixture.port).at(0).limit == 2 * 16 * 1024);
  client.send("HEAD /big HTTP/1.1\r\nHost: x\r\n\r\n");
  (void)client.received();
  CHECK(send_memory(fixture.port).at(0).limit == 2 * 16 * 1024);
  client.send(get("/big") + get("/ping"));
  CHECK(count(client.received_until("healthy"), "b") == fixture.handler.big.size());
  CHECK(send_memory(fixture.port).at(0).limit == 2 * 128 * 1024);
}

TEST_CASE("a slow reader gets its whole answer and the ones after it") {
  ServerFixture fixture;
  TestClient client(fixture, 4096);
  client.send(get("/big") + get("/ping"));
  const std::string answers = client.received_until("healthy");
  CHECK(count(answers, "b") == fixture.handler.big.size());
  CHECK(answers.ends_with("healthy"));
}

TEST_CASE("input after a closing answer is ignored until the client closes, 2 s or 1 MiB at most") {
  ServerFixture fixture;
  TestClient client(fixture);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n");
  client.send(std::string(100000, 'x'));
  CHECK(fixture.server.connection_count() == 1);
  SUBCASE("the client closes") {
    CHECK(client.received().starts_with("HTTP/1.1 413 "));
    client.close();
    fixture.settle();
  }
  SUBCASE("2 s are over") {
    fixture.advance(Milliseconds(1999));
    CHECK(fixture.server.connection_count() == 1);
    fixture.advance(Milliseconds(1));
  }
  SUBCASE("1 MiB is over") {
    client.send(std::string(std::size_t{1} << 20, 'x'));
    for (int i = 0; i < 3; ++i) fixture.settle();
  }
  CHECK(fixture.server.connection_count() == 0);
}

TEST_CASE("large heads share a pool, and a connection that finds it exhausted is refused") {
  ServerFixture fixture({.head_pool_bytes = 100000});
  std::deque<TestClient> clients;
  const std::string head = "GET / HTTP/1.1\r\nHost: x\r\nX-A: " + std::string(20000, 'a');
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(fixture);
    clients.back().send(head);
  }
  CHECK(clients[2].received().starts_with("HTTP/1.1 431 "));
  CHECK(clients[0].ask("\r\n\r\n").ends_with("healthy"));
  clients.emplace_back(fixture);
  CHECK(clients.back().ask(head + "\r\n\r\n").ends_with("healthy"));
}

TEST_CASE("draining closes idle connections, lets requests in hand finish, and is done with the last of them") {
  ServerFixture fixture;
  TestClient idle(fixture);
  TestClient waiting(fixture);
  TestClient sending(fixture);
  TestClient early(fixture);
  waiting.send(get("/wait"));
  sending.send("GET /ping HT");
  fixture.server.drain();
  CHECK(idle.closed());
  CHECK_FALSE(fixture.server.drained().is_set());
  const std::string answer = sending.ask("TP/1.1\r\nHost: x\r\n\r\n");
  CHECK(answer.find("Connection: close\r\n") != std::string::npos);
  CHECK(answer.ends_with("healthy"));
  fixture.handler.release();
  CHECK(waiting.received().find("Connection: close\r\n") != std::string::npos);
  CHECK(waiting.closed());
  sending.close();
  waiting.close();
  fixture.settle();
  CHECK(fixture.server.connection_count() == 0);
  CHECK(fixture.server.drained().is_set());
}

TEST_CASE("draining between two turns of a pipeline answers the requests that had arrived") {
  ServerFixture fixture;
  TestClient client(fixture);
  std::string share;
  for (int i = 0; i < 16; ++i) share += get("/ping");
  client.push(share);
  for (int turn = 0; turn < 100 && fixture.handler.seen.size() < 16; ++turn) fixture.loop.turn(Milliseconds(1));
  client.push(get("/wait"));
  fixture.server.drain();
  fixture.settle();
  CHECK(fixture.handler.waiting == 1);
  fixture.handler.release();
  const std::string answers = client.received();
  CHECK(count(answers, "HTTP/1.1 200 OK") == 17);
  CHECK(answers.ends_with("Connection: close\r\n\r\nwaited"));
  CHECK(client.closed());
}

TEST_CASE("a connection whose answer was being sent when draining began is closed after it") {
  ServerFixture fixture;
  TestClient client(fixture, 4096);
  client.send(get("/big"));
  fixture.server.drain();
  CHECK(count(client.received_until("[never]"), "b") == fixture.handler.big.size());
  CHECK(client.closed());
  client.close();
  fixture.settle();
  CHECK(fixture.server.drained().is_set());
}

TEST_CASE("an answer can close its connection") {
  ServerFixture fixture;
  TestClient client(fixture);
  CHECK(client.ask(get("/close") + get("/ping")).ends_with("bye"));
  CHECK(client.closed());
}

TEST_CASE("answers are counted by status, refusals and those past the limit included") {
  ServerFixture fixture({.max_connections = 1});
  TestClient client(fixture);
  CHECK(client.ask(get("/x") + get("/x")).ends_with("healthy"));
  TestClient past(fixture);
  CHECK(past.ask("no HTTP\r\n\r\n").find(" 400 ") != std::string::npos);
  CHECK(fixture.server.counts().answers[200] == 2);
  CHECK(fixture.server.counts().answers[400] == 1);
}
