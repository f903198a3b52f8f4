#include "agent/metrics/metrics_listener.h"

#include <doctest/doctest.h>

#include <deque>

#include "tests/unit/base/log_lines.h"
#include "tests/unit/http_server/server_fixture.h"

namespace sma {
namespace {

struct MetricsFixture : ServerFixture {
  MetricsFixture() {
    auto listening = listen_on_address({"127.0.0.1", 0});
    REQUIRE(listening.ok());
    port = listening->address.port;  // of the clients
    listener.emplace(loop, log, std::move(listening->socket),
                     MetricsListener::Sources{[this] { return ready; }, [] { return SharedBytes("a 1\n"); }});
  }
  std::string ask(const std::string& path, const std::string& method = "GET") {
    TestClient client(*this);
    const std::string answer =
        client.ask(method + " " + path + " HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n");
    return answer.substr(9, 3) + " " + answer.substr(answer.find("\r\n\r\n") + 4);
  }

  bool ready = false;
  LogLines lines;
  Log log{&lines, LogLevel::info};
  std::optional<MetricsListener> listener;
};

TEST_CASE("the listener for monitoring knows three requests, needs no token, and takes them from proxies") {
  MetricsFixture fixture;
  CHECK(fixture.ask("/metrics") == "200 a 1\n");
  CHECK(fixture.ask("/metrics", "HEAD") == "200 ");
  CHECK(fixture.ask("/ping") == "200 healthy");
  CHECK(fixture.ask("/ready") == "503 not ready");
  fixture.ready = true;
  CHECK(fixture.ask("/ready") == "200 ready");
  for (const char* path : {"/metrics", "/ping", "/ready"}) CHECK(fixture.ask(path, "POST") == "405 Not allowed");
  for (const char* path : {"/", "/status", "/v1/a", "/secretsmanager/get?secretId=a", "/metrics/"})
    CHECK(fixture.ask(path) == "404 Not found");
}

TEST_CASE("the listener for monitoring has 16 places of its own, of which idle ones are given to others") {
  MetricsFixture fixture;
  const std::string request = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
  std::deque<TestClient> clients;
  for (int i = 0; i < 16; ++i) clients.emplace_back(fixture);
  for (TestClient& client : clients) CHECK(client.ask(request).ends_with("a 1\n"));
  TestClient refused(fixture);
  CHECK(refused.ask(request).find(" 429 ") != std::string::npos);
  TestClient probe(fixture);
  CHECK(probe.ask("GET /ping HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("healthy"));
  fixture.advance(Seconds(1));
  TestClient late(fixture);
  CHECK(late.ask(request).ends_with("a 1\n"));
  CHECK(clients[0].closed());
  CHECK(fixture.server.connection_count() == 0);
}

TEST_CASE("a drained listener for monitoring closes idle connections and takes no others") {
  MetricsFixture fixture;
  TestClient client(fixture);
  fixture.listener->drain();
  fixture.settle();
  CHECK(client.closed());
}

}  // namespace
}  // namespace sma
