#include <doctest/doctest.h>
#include <sys/resource.h>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/crowd.h"
#include "tests/integration/support/wait_until.h"

namespace sma::integration {

namespace {

/// The tests themselves need a descriptor for each client and one for each of the stand-in's connections.
void raise_own_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

const std::string kPing = "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Clients whose requests are in hand: AWS answers them when this object goes.
class BusyClients {
 public:
  BusyClients(AgentWithAws& scene, std::size_t count) : gate_(scene.aws.hold("GetSecretValue")) {
    for (std::size_t i = 0; i < count; ++i) {
      clients_.push_back(scene.agent().connect());
      clients_.back().send(get_request("/v1/limits/busy" + std::to_string(i)));
    }
    gate_->wait_for(count);
  }
  ~BusyClients() { gate_->open(); }
  BusyClients(const BusyClients&) = delete;
  BusyClients& operator=(const BusyClients&) = delete;

 private:
  std::shared_ptr<standin::Gate> gate_;
  std::vector<HttpConnection> clients_;
};

}  // namespace

TEST_CASE("past max_conn a connection gets one 429 and is closed, while all others have requests in hand") {
  AgentWithAws scene(Variables{{"SMA_MAX_CONN", "3"}});
  const BusyClients busy(scene, 3);
  HttpConnection over = scene.agent().connect();
  over.send(get_request("/v1/limits/any"));
  const Answer answer = over.read_answer();
  CHECK(answer.status == 429);
  CHECK(answer.body == "Connection limit exceeded");
  CHECK(answer.header("Retry-After") == "1");
  CHECK(over.is_closed());
  CHECK(scene.agent().logs("max_conn connections are open and more clients connect"));
}

TEST_CASE("past max_conn two more connections may ping") {
  AgentWithAws scene(Variables{{"SMA_MAX_CONN", "3"}});
  const BusyClients busy(scene, 3);
  for (int round = 0; round < 5; ++round) {
    HttpConnection first = scene.agent().connect();
    HttpConnection second = scene.agent().connect();
    for (HttpConnection* one : {&first, &second}) {
      one->send("GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      CHECK(one->read_answer().status == 200);
    }
  }
}

TEST_CASE("idle connections without the token lock nobody out for longer than a second") {
  AgentWithAws scene(Variables{{"SMA_MAX_CONN", "5"}});
  scene.aws.put("limits/locked", "limits-locked-value");
  std::vector<HttpConnection> idle;
  for (int i = 0; i < 60; ++i) idle.push_back(scene.agent().connect());
  // Half a head counts as much as nothing.
  for (std::size_t i = 0; i < idle.size(); i += 2) idle[i].send("GET /ping HTTP/1.1\r\n");
  wait_until("a secret is served", [&] { return scene.agent().get_secret("limits/locked").status == 200; });
  CHECK(scene.agent().get("/ping").status == 200);
}

TEST_CASE("a connection that closes makes room for another") {
  AgentWithAws scene(Variables{{"SMA_MAX_CONN", "1"}});
  for (int i = 0; i < 20; ++i) {
    HttpConnection connection = scene.agent().connect();
    connection.send("GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    CHECK(connection.read_answer().status == 200);
    CHECK(connection.is_closed());
  }
}

TEST_CASE("eight hundred idle connections hold nobody up") {
  raise_own_limit();
  AgentWithAws scene(Variables{{"SMA_MAX_CONN", "1000"}});
  scene.aws.put("limits/idle", "limits-idle-value");
  Crowd crowd(scene.agent(), 800);
  for (int i = 0; i < 100; ++i) CHECK(scene.agent().get_secret("limits/idle").status == 200);
  crowd.send_all(kPing);
  for (const Answer& answer : crowd.read_all()) CHECK(answer.status == 200);
}

TEST_CASE("few descriptors lower max_conn with a warning, and all clients are answered") {
  AgentSettings settings;
  settings.wrapper = {"/bin/sh", "-c", "ulimit -n 64; exec \"$@\"", "-"};
  AgentWithAws scene({}, settings);
  scene.aws.put("limits/few", "limits-few-value");
  CHECK(scene.agent().get_secret("limits/few").status == 200);
  CHECK(scene.agent().logs("max_conn"));
  std::vector<HttpConnection> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(scene.agent().connect());
  // Those that were accepted are served or refused in words; the rest waits in the backlog until they go.
  clients.front().send(get_request("/v1/limits/few"));
  CHECK(clients.front().read_answer().status == 200);
  clients.clear();
  CHECK(scene.agent().get_secret("limits/few").status == 200);
  CHECK(scene.stop() == 0);
}

TEST_CASE("a client that sends a byte at a time delays nobody") {
  AgentWithAws scene;
  scene.aws.put("limits/slow", "limits-slow-value");
  const std::string request = get_request("/v1/limits/slow");
  HttpConnection slow = scene.agent().connect();
  HttpConnection other = scene.agent().connect();
  for (const char byte : request) {
    slow.send(std::string_view(&byte, 1));
    other.send(kPing);
    CHECK(other.read_answer().status == 200);
  }
  CHECK(slow.read_answer().status == 200);
}

TEST_CASE("a client that never reads delays nobody") {
  AgentWithAws scene;
  scene.aws.put("limits/large", std::string(65536, 'l'));
  HttpConnection stuck = scene.agent().connect();
  std::string requests;
  for (int i = 0; i < 300; ++i) requests += get_request("/v1/limits/large");
  stuck.send(requests);
  for (int i = 0; i < 100; ++i) CHECK(scene.agent().get_secret("limits/large").status == 200);
  // 19 MB: far more than the sockets hold.
  for (int i = 0; i < 300; ++i) CHECK(stuck.read_answer().body.size() > 65536);
}

TEST_CASE("after clients vanish nothing is left of them") {
  AgentWithAws scene(Variables{{"SMA_MAX_CONN", "40"}});
  scene.aws.put("limits/vanish", "limits-vanish-value");
  const auto gate = scene.aws.hold("GetSecretValue");
  for (int round = 0; round < 20; ++round) {
    std::vector<HttpConnection> clients;
    for (int i = 0; i < 6; ++i) {
      clients.push_back(scene.agent().connect());
      clients.back().send(get_request("/v1/limits/vanish"));
    }
    CHECK(scene.agent().get("/ping").status == 200);
    for (HttpConnection& client : clients) client.vanish();
    CHECK(scene.agent().get("/ping").status == 200);
  }
  gate->open();
  CHECK(scene.agent().get_secret("limits/vanish").status == 200);
  CHECK(scene.aws.count("GetSecretValue") == 1);
}

}  // namespace sma::integration
