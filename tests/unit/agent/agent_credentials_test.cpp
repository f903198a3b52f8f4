#include <doctest/doctest.h>

#include <vector>

#include "tests/unit/agent/agent_fixture.h"

namespace sma {
namespace {

using standin::FaultPlan;
using AgentVariables = std::map<std::string, std::string>;
using Clients = std::vector<std::unique_ptr<AgentClient>>;

constexpr const char* kCall = "container:credentials";

/// What stands in the way of the container endpoint is taken away.
AgentVariables in_a_container(AgentVariables more = {}) {
  AgentVariables variables{{"AWS_ACCESS_KEY_ID", ""},
                           {"AWS_SECRET_ACCESS_KEY", ""},
                           {"AWS_CONFIG_FILE", "/nowhere"},
                           {"AWS_SHARED_CREDENTIALS_FILE", "/nowhere"},
                           {"AWS_EC2_METADATA_DISABLED", "true"},
                           {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "{aws}/credentials"}};
  for (const auto& [name, value] : more) variables.insert_or_assign(name, value);
  return variables;
}

void let_keys_live(AgentFixture& fixture, int seconds) {
  fixture.aws.with([&](standin::World& world) { world.container.lifetime = seconds; });
}

Clients ask_for_each(AgentFixture& fixture, int secrets) {
  Clients clients;
  for (int i = 0; i < secrets; ++i) clients.push_back(fixture.get("secret-" + std::to_string(i)));
  return clients;
}

std::size_t served(AgentFixture& fixture, const Clients& clients) {
  std::size_t good = 0;
  for (const auto& client : clients) {
    fixture.wait_for(*client);
    good += client->status() == 200 ? 1 : 0;
  }
  return good;
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

int ended_with(AgentFixture& fixture) {
  std::optional<int> code;
  fixture.run_until([&] { return (code = fixture.exit_code()).has_value(); });
  return *code;
}

TEST_CASE("credentials that expire every second fail none of thousands of requests, and are renewed one at a time") {
  constexpr int kSecrets = 20;
  constexpr int kRounds = 150;
  AgentFixture fixture(in_a_container());
  let_keys_live(fixture, 1);
  fixture.settings.cache.ttl = Seconds(0);
  for (int i = 0; i < kSecrets; ++i) fixture.aws.put("secret-" + std::to_string(i), "value");
  fixture.start();
  std::size_t good = 0;
  for (int round = 0; round < kRounds; ++round) {
    const Clients clients = ask_for_each(fixture, kSecrets);
    fixture.advance(Milliseconds(70));  // the keys of calls under way expire, too
    good += served(fixture, clients);
    fixture.advance(Milliseconds(30));
  }
  CHECK(good == std::size_t{kSecrets} * kRounds);
  CHECK(fixture.aws.count("GetSecretValue") >= std::size_t{kSecrets} * kRounds);
  // Fifteen seconds: a renewal for each at most, and the first.
  CHECK(fixture.aws.count(kCall) >= 8);
  CHECK(fixture.aws.count(kCall) <= 16);
}

TEST_CASE("200 requests that find their credentials expired wait for one renewal") {
  AgentFixture fixture(in_a_container());
  fixture.settings.cache.ttl = Seconds(0);
  let_keys_live(fixture, 1);
  for (int i = 0; i < 200; ++i) fixture.aws.put("secret-" + std::to_string(i), "value");
  fixture.start();
  fixture.advance(Seconds(2));
  const auto gate = fixture.aws.hold(kCall);
  const Clients clients = ask_for_each(fixture, 200);
  fixture.wait_for_calls(kCall, 2);
  fixture.advance(Milliseconds(100));
  CHECK(fixture.aws.count("GetSecretValue") == 0);
  gate->open();
  CHECK(served(fixture, clients) == 200);
  CHECK(fixture.aws.count(kCall) == 2);
}

TEST_CASE("credentials are renewed five minutes ahead, in the background, and no request waits for it") {
  AgentFixture fixture(in_a_container());
  fixture.settings.cache.ttl = Seconds(0);
  let_keys_live(fixture, 3600);
  fixture.aws.put("a", "value");
  fixture.start();
  fixture.advance(Seconds(3299));
  CHECK(fixture.answer("a")->status() == 200);
  CHECK(fixture.aws.count(kCall) == 1);
  const auto gate = fixture.aws.hold(kCall);
  fixture.advance(Seconds(1));
  fixture.wait_for_calls(kCall, 2);
  CHECK(fixture.answer("a")->status() == 200);
  gate->open();
}

TEST_CASE("credentials that expired while the process was frozen are not used") {
  AgentFixture fixture(in_a_container());
  fixture.settings.cache.ttl = Seconds(0);
  let_keys_live(fixture, 3600);
  fixture.aws.put("a", "value");
  fixture.start();
  const std::string before = fixture.aws.last("GetCallerIdentity").signature.access_key;
  fixture.clocks.advance(std::chrono::hours(10));  // nothing of the agent runs meanwhile
  CHECK(fixture.answer("a")->status() == 200);
  CHECK(fixture.aws.count("GetSecretValue") == 1);
  CHECK(fixture.aws.last("GetSecretValue").signature.access_key != before);
}

TEST_CASE("the start has five seconds in all: region, credentials and their check") {
  AgentFixture fixture(in_a_container(
      {{"AWS_REGION", ""}, {"AWS_EC2_METADATA_DISABLED", ""}, {"AWS_EC2_METADATA_SERVICE_ENDPOINT", "{aws}"}}));
  const auto region = fixture.aws.hold("metadata:region");
  const auto keys = fixture.aws.hold(kCall);
  const auto check = fixture.aws.hold("GetCallerIdentity");
  fixture.begin();
  fixture.wait_for_calls("metadata:region", 1);
  fixture.advance(Milliseconds(900));
  region->open();
  fixture.wait_for_calls(kCall, 1);
  fixture.advance(Seconds(3));
  keys->open();
  fixture.wait_for_calls("GetCallerIdentity", 1);
  fixture.advance(Milliseconds(1099));
  CHECK_FALSE(fixture.agent().ready().is_set());
  fixture.advance(Milliseconds(1));
  fixture.run_until([&] { return fixture.agent().ready().is_set(); });
  CHECK(fixture.lines.count("WARN sts:GetCallerIdentity could not check the credentials (from: container)") == 1);
  CHECK(fixture.lines.count("region=us-east-1") == 1);
}

TEST_CASE("an agent that is restarted while its credentials endpoint hangs serves as soon as that answers") {
  AgentFixture fixture(in_a_container());
  fixture.aws.put("a", "value");
  const auto gate = fixture.aws.hold(kCall);
  fixture.begin();
  fixture.wait_for_calls(kCall, 1);
  fixture.advance(Seconds(5));
  fixture.run_until([&] { return fixture.agent().ready().is_set(); });
  CHECK(fixture.lines.count("WARN no credentials: ") == 1);
  gate->open();
  fixture.aws.clear_faults();
  fixture.advance(Seconds(2));
  CHECK(fixture.answer("a")->status() == 200);
}

TEST_CASE("a credentials endpoint that fails ends the start only if such faults are not ignored") {
  for (const bool ignored : {true, false}) {
    AgentFixture fixture(in_a_container());
    fixture.settings.cache.ignore_transient_errors = ignored;
    fixture.aws.fail(FaultPlan::error(503, "ServiceUnavailable").on(kCall).times(FaultPlan::kAlways));
    fixture.begin();
    fixture.run_until([&] {
      fixture.advance(Milliseconds(50));
      return fixture.agent().ready().is_set() || !fixture.problem().empty();
    });
    CHECK(fixture.agent().ready().is_set() == ignored);
    CHECK(fixture.aws.count(kCall) == 3);
    if (!ignored) CHECK(fixture.problem() == "no credentials: container: the endpoint answered 503");
  }
}

TEST_CASE("a credentials endpoint that refuses ends the start, with what it said") {
  AgentFixture fixture(in_a_container({{"AWS_CONTAINER_AUTHORIZATION_TOKEN", "hidden"}}));
  fixture.aws.with([](standin::World& world) { world.container.authorization = "other"; });
  fixture.begin();
  CHECK(ended_with(fixture) == 1);
  CHECK(fixture.problem() ==
        "no credentials: container: the endpoint answered 401: AccessDenied: the authorization token is missing or "
        "wrong");
  CHECK(fixture.lines.count("hidden") == 0);
}

TEST_CASE("if nothing is configured, the start ends with each place that was looked at") {
  AgentFixture fixture(in_a_container({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", ""}}));
  fixture.begin();
  CHECK(ended_with(fixture) == 1);
  for (const char* place : {"no credentials were found", "AWS_ACCESS_KEY_ID", "/nowhere", "AWS_WEB_IDENTITY_TOKEN_FILE",
                            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_EC2_METADATA_DISABLED"}) {
    CAPTURE(std::string(place));
    CHECK(holds(fixture.problem(), place));
  }
}

TEST_CASE("a renewal that fails is not asked for once a request, and the old credentials serve until they expire") {
  AgentFixture fixture(in_a_container());
  fixture.settings.cache.ttl = Seconds(0);
  let_keys_live(fixture, 600);
  fixture.aws.put("a", "value");
  fixture.start();
  fixture.aws.fail(FaultPlan::error(404, "NotFound").on(kCall).times(FaultPlan::kAlways));
  fixture.advance(Seconds(300));
  fixture.wait_for_calls(kCall, 2);
  for (int i = 0; i < 50; ++i) {
    CHECK(fixture.answer("a")->status() == 200);
    fixture.advance(Seconds(1));
  }
  CHECK(fixture.aws.count(kCall) == 2);
  fixture.advance(Seconds(260));
  const auto refused = fixture.answer("a");
  CHECK(refused->status() == 500);
  CHECK(holds(refused->body(), "container: the endpoint answered 404"));
  fixture.aws.clear_faults();
  fixture.advance(Seconds(75));
  CHECK(fixture.answer("a")->status() == 200);
}

TEST_CASE("while a refusing endpoint keeps its keys, cached secrets are served for an hour, and others are a 500") {
  AgentFixture fixture(in_a_container());
  fixture.settings.cache.ttl = Seconds(300);
  let_keys_live(fixture, 600);
  fixture.aws.put("a", "value");
  fixture.aws.put("b", "value");
  fixture.start();
  CHECK(fixture.answer("a")->status() == 200);
  fixture.aws.fail(FaultPlan::error(403, "Forbidden").on(kCall).times(FaultPlan::kAlways));
  const auto served = [&] {
    const auto client = fixture.get("a");
    fixture.run_until([&] {
      if (!client->done()) fixture.advance(Milliseconds(10));
      return client->done();
    });
    return client->status();
  };
  for (const Seconds later : {Seconds(660), Seconds(1500), Seconds(1500)}) {
    fixture.advance(later);
    CHECK(served() == 200);
    const auto other = fixture.answer("b");
    CHECK(other->status() == 500);
    CHECK(holds(other->body(), "InternalFailure"));
  }
  fixture.advance(Seconds(700));
  CHECK(served() == 500);
}

TEST_CASE("an instance's credentials stay in use after their expiry while metadata cannot renew them") {
  AgentFixture fixture(in_a_container({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", ""},
                                       {"AWS_EC2_METADATA_DISABLED", ""},
                                       {"AWS_EC2_METADATA_SERVICE_ENDPOINT", "{aws}"}}));
  fixture.settings.cache.ttl = Seconds(0);
  fixture.aws.with([](standin::World& world) { world.metadata.lifetime = 1200; });
  fixture.aws.put("a", "value");
  fixture.start();
  const std::string key = fixture.aws.last("GetCallerIdentity").signature.access_key;
  // AWS prolongs them, too.
  fixture.aws.with([&](standin::World& world) {
    standin::Principal longer = *world.keys.find(key);
    longer.expires.reset();
    world.keys.add(longer);
  });
  fixture.aws.fail(FaultPlan::error(500, "InternalError").on("metadata:credentials").times(FaultPlan::kAlways));
  fixture.advance(Seconds(900));
  const auto wait_for_line = [&](const std::string& line) {
    fixture.run_until([&] {
      fixture.advance(Milliseconds(500));
      return fixture.lines.count(line) > 0;
    });
  };
  wait_for_line("WARN credentials were not renewed");
  wait_for_line("WARN expired credentials stay in use source=\"instance metadata\"");
  fixture.advance(Seconds(300));
  CHECK(fixture.answer("a")->status() == 200);
  CHECK(fixture.aws.last("GetSecretValue").signature.access_key == key);
}

}  // namespace
}  // namespace sma
