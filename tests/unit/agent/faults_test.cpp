#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/unit/agent/agent_fixture.h"

// What a client gets from each way in which AWS can fail, after how many attempts and when on the agent's clock, and
// that another client is served meanwhile without any time passing.

namespace sma {
namespace {

using standin::FaultPlan;
using Kind = FaultPlan::Kind;
using Variables = std::map<std::string, std::string>;

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// An agent whose calls fail, and who has the secret `cached` in memory.
struct Scene {
  AgentFixture fixture;

  explicit Scene(Variables variables = {}) : fixture(std::move(variables)) {
    fixture.settings.validate_credentials = false;
    fixture.aws.put("a", std::string(2000, 'a'));
    fixture.aws.put("cached", "value");
  }

  void start() {
    fixture.start();
    REQUIRE(fixture.answer("cached")->status() == 200);
    fixture.aws.clear_records();
  }

  struct Outcome {
    int status;
    std::string body;
    Nanoseconds took;  // on the agent's clock, a step too long at most for each attempt
  };

  /// Asks for `a`, has `cached` served while that is under way, and moves the clock by steps until there is an answer.
  Outcome ask(Nanoseconds step = Milliseconds(5)) {
    const TimePoint begun = fixture.now();
    const auto client = fixture.get("a");
    CHECK(fixture.answer("cached")->status() == 200);
    CHECK(fixture.now() == begun);
    fixture.run_until([&] {
      if (!client->done()) fixture.advance(step);
      return client->done();
    });
    CHECK(fixture.answer("cached")->status() == 200);
    return {client->status(), client->body(), fixture.now() - begun};
  }

  /// How many attempts the one line about the failed call tells.
  [[nodiscard]] bool logged(int attempts, const std::string& error) const {
    return fixture.lines.count("attempts=" + std::to_string(attempts) + " error=" + error) == 1;
  }
};

/// A port where connecting never ends: its queue of waiting connections is full.
class DeafListener {
 public:
  DeafListener() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(listen(listener_.get(), 0) == 0);
    REQUIRE(getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    for (int i = 0; i < 4; ++i) {
      waiting_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      (void)connect(waiting_.back().get(), reinterpret_cast<sockaddr*>(&address), size);
    }
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  FileDescriptor listener_;
  std::uint16_t port_ = 0;
  std::vector<FileDescriptor> waiting_;
};

}  // namespace

TEST_CASE("each fault of AWS reaches the client as itself, after the attempts it deserves") {
  struct Row {
    FaultPlan plan;
    int status;
    std::string code;
    std::size_t attempts;
  };
  const Row rows[] = {
      {FaultPlan::error(400, "ResourceNotFoundException", "no"), 400, "ResourceNotFoundException", 1},
      {FaultPlan::error(400, "AccessDeniedException", "no"), 400, "AccessDeniedException", 1},
      {FaultPlan::error(400, "ExpiredTokenException", "no"), 400, "ExpiredTokenException", 1},
      {FaultPlan::error(500, "InternalServiceError", "no"), 500, "InternalServiceError", 3},
      {FaultPlan::error(501, "NotImplemented", "no"), 501, "NotImplemented", 1},
      {FaultPlan::error(502, "BadGateway", "no"), 502, "BadGateway", 3},
      {FaultPlan::error(503, "ServiceUnavailable", "no"), 503, "ServiceUnavailable", 3},
      {FaultPlan::error(504, "GatewayTimeout", "no"), 504, "GatewayTimeout", 3},
      {FaultPlan::error(400, "ThrottlingException", "no"), 400, "ThrottlingException", 3},
      {FaultPlan::error(429, "NobodyKnows", "no"), 429, "NobodyKnows", 3},
      {FaultPlan::error(400, "RequestTimeout", "no"), 400, "RequestTimeout", 3},
      {FaultPlan::body(503, "<html>down</html>"), 503, "ServiceUnavailable", 3},
      {FaultPlan::body(429, "slower"), 429, "TooManyRequests", 3},
      {FaultPlan::body(404, "<html>a proxy's page</html>"), 502, "ConnectionError", 3},
      {FaultPlan::body(302, ""), 502, "ConnectionError", 3},
      {FaultPlan::of(Kind::kReset), 502, "ConnectionError", 3},
      {FaultPlan::of(Kind::kResetInAnswer), 502, "ConnectionError", 3},
      {FaultPlan::of(Kind::kHalfAnswer), 502, "ConnectionError", 3},
      {FaultPlan::of(Kind::kLongLength), 502, "ConnectionError", 3},
      {FaultPlan::of(Kind::kNotHttp), 502, "ConnectionError", 3},
      {FaultPlan::of(Kind::kHuge), 502, "ConnectionError", 3},
      {FaultPlan::of(Kind::kShortLength), 502, "ConnectionError", 1},
      {FaultPlan::body(200, "<html>", "text/html"), 502, "ConnectionError", 1},
      {FaultPlan::body(200, ""), 502, "ConnectionError", 1},
      {FaultPlan::body(200, "\x1F\x8B\x08", "application/x-amz-json-1.1").with_header("Content-Encoding", "gzip"), 502,
       "ConnectionError", 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.code);
    CAPTURE(row.status);
    CAPTURE(static_cast<int>(row.plan.kind));
    Scene scene;
    scene.start();
    FaultPlan plan = row.plan;
    scene.fixture.aws.fail(std::move(plan).on("GetSecretValue").times(FaultPlan::kAlways));
    const Scene::Outcome outcome = scene.ask();
    CHECK(outcome.status == row.status);
    CHECK(holds(outcome.body, "\"__type\":\"" + row.code + "\""));
    CHECK(scene.fixture.aws.count("GetSecretValue") == row.attempts);
    // Nothing waits for a second or more but where AWS throttles.
    CHECK(outcome.took < (row.status == 429 || row.code == "ThrottlingException" ? Seconds(55) : Seconds(10)));
  }
}

TEST_CASE("a refused connection is tried three times and is a ConnectionError") {
  Scene scene;
  scene.start();
  scene.fixture.aws.close_listeners();
  scene.fixture.aws.drop_connections();
  const Scene::Outcome outcome = scene.ask();
  CHECK(outcome.status == 502);
  CHECK(holds(outcome.body, "ConnectionError"));
  CHECK(outcome.took < Seconds(1));
  CHECK(scene.logged(3, "ConnectionError"));
}

TEST_CASE("a name that does not resolve is tried three times and is a ConnectionError") {
  AgentFixture fixture(Variables{{"AWS_ENDPOINT_URL", "http://" + std::string(64, 'a') + ".invalid"}});
  fixture.settings.validate_credentials = false;
  fixture.start();
  const auto client = fixture.get("a");
  fixture.run_until([&] {
    fixture.advance(Milliseconds(1));
    return client->done();
  });
  CHECK(client->status() == 502);
  CHECK(holds(client->body(), "cannot look up " + std::string(64, 'a')));
  CHECK(fixture.lines.count("attempts=3 error=ConnectionError") == 1);
}

TEST_CASE("a connection that does not come about is given up after 3.1 seconds, three times") {
  const DeafListener deaf;
  Scene scene(Variables{{"AWS_ENDPOINT_URL", deaf.url()}});
  scene.fixture.start();
  const auto client = scene.fixture.get("a");
  for (int attempt = 1; attempt <= 3; ++attempt) {
    scene.fixture.advance(Milliseconds(3100) - Milliseconds(1));
    CHECK_FALSE(client->done());
    scene.fixture.advance(Milliseconds(1));
    scene.fixture.advance(Milliseconds(100));  // the longest wait before a second or third attempt
  }
  scene.fixture.wait_for(*client);
  CHECK(client->status() == 504);
  CHECK(holds(client->body(), "no connection in time"));
  CHECK(scene.logged(3, "TimeoutError"));
}

TEST_CASE("an answer that stops, or comes too slowly, is given up 15 seconds after its request") {
  FaultPlan stops;
  stops.between = std::chrono::hours(1);
  FaultPlan drips = FaultPlan::of(Kind::kDrip);
  drips.between = std::chrono::milliseconds(20);
  for (const FaultPlan& plan : {stops, drips}) {
    Scene scene;
    scene.start();
    FaultPlan always = plan;
    scene.fixture.aws.fail(std::move(always).on("GetSecretValue").times(FaultPlan::kAlways));
    const auto client = scene.fixture.get("a");
    for (std::size_t attempt = 1; attempt <= 3; ++attempt) {
      scene.fixture.wait_for_calls("GetSecretValue", attempt);
      CHECK(scene.fixture.answer("cached")->status() == 200);
      scene.fixture.advance(Seconds(15) - Milliseconds(1));
      CHECK_FALSE(client->done());
      scene.fixture.advance(Milliseconds(1));
      if (attempt < 3) scene.fixture.advance(Milliseconds(100));
    }
    scene.fixture.wait_for(*client);
    CHECK(client->status() == 504);
    CHECK(scene.logged(3, "TimeoutError"));
  }
}

TEST_CASE("calls beyond the sixteen under way go out in the order they came in, one for each that ends") {
  Scene scene;
  scene.start();
  const auto gate = scene.fixture.aws.hold("GetSecretValue");
  std::vector<std::unique_ptr<AgentClient>> clients;
  for (std::size_t i = 0; i < 20; ++i) {
    clients.push_back(scene.fixture.get("s" + std::to_string(i)));
    if (i < 16) scene.fixture.wait_for_calls("GetSecretValue", i + 1);
    CHECK(scene.fixture.answer("cached")->status() == 200);  // so the one before was read
    scene.fixture.advance(Milliseconds(1));
  }
  CHECK(scene.fixture.aws.count("GetSecretValue") == 16);
  // The first attempts end 15 seconds after their requests, a millisecond after each other.
  scene.fixture.advance(Seconds(15) - Milliseconds(20));
  for (std::size_t sent = 17; sent <= 20; ++sent) {
    scene.fixture.wait_for_calls("GetSecretValue", sent);
    CHECK(scene.fixture.aws.count("GetSecretValue") == sent);
    scene.fixture.advance(Milliseconds(1));
  }
  gate->open();
  for (const auto& client : clients) {
    scene.fixture.run_until([&] {
      scene.fixture.advance(Milliseconds(1));  // the waits before second attempts
      return client->done();
    });
    CHECK(client->status() == 400);
  }
  const auto records = scene.fixture.aws.records("GetSecretValue");
  REQUIRE(records.size() >= 20);
  for (std::size_t i = 0; i < 20; ++i) CHECK(records[i].secret_id == "s" + std::to_string(i));
}

TEST_CASE("a client that waits for a turn or for an answer waits 55 seconds and no longer") {
  Scene scene;
  scene.start();
  const auto gate = scene.fixture.aws.hold("GetSecretValue");
  std::vector<std::unique_ptr<AgentClient>> clients;
  for (int i = 0; i < 80; ++i) clients.push_back(scene.fixture.get("s" + std::to_string(i)));
  CHECK(scene.fixture.answer("cached")->status() == 200);  // so all of them were read
  // Sixteen more go out each time an attempt of 15 seconds ends: the last sixteen never do.
  for (std::size_t sent = 16; sent <= 64; sent += 16) {
    scene.fixture.wait_for_calls("GetSecretValue", sent);
    scene.fixture.advance(sent < 64 ? Seconds(15) : Seconds(10) - Milliseconds(1));
  }
  // Those before had an attempt that failed, and not all of them may try again.
  for (std::size_t i = 48; i < clients.size(); ++i) CHECK_FALSE(clients[i]->done());
  scene.fixture.advance(Milliseconds(1));
  for (const auto& client : clients) {
    scene.fixture.wait_for(*client);
    CHECK(client->status() == 504);
    CHECK(holds(client->body(), "TimeoutError"));
  }
  CHECK(scene.fixture.aws.count("GetSecretValue") == 64);
  gate->open();
}

TEST_CASE(
    "after more than a second of suspension connections to AWS are opened again, and not after a pause without one") {
  Scene scene;
  scene.start();
  const auto connection = [&] {
    CHECK(scene.fixture.answer("cached", "&refreshNow=true")->status() == 200);
    return scene.fixture.aws.last("GetSecretValue").connection;
  };
  const auto first = connection();
  scene.fixture.advance(Seconds(30));
  CHECK(connection() == first);
  scene.fixture.clocks.suspend(Seconds(1));
  CHECK(connection() == first);
  scene.fixture.clocks.suspend(Seconds(1) + Nanoseconds(1));
  const auto second = connection();
  CHECK(second != first);
  CHECK(connection() == second);
}

TEST_CASE("a region that instance metadata makes up ends the start") {
  AgentFixture fixture(Variables{{"AWS_REGION", ""}, {"AWS_EC2_METADATA_SERVICE_ENDPOINT", "{aws}"}});
  fixture.aws.with([](standin::World& world) { world.metadata.region = "evil.example/"; });
  fixture.start();
  CHECK(fixture.exit_code() == 1);
  CHECK(holds(fixture.problem(), "no region"));
}

}  // namespace sma
