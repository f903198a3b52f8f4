#include "agent/agent.h"

#include <doctest/doctest.h>

#include "tests/unit/agent/agent_fixture.h"

namespace sma {
namespace {

using standin::FaultPlan;

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("an agent whose AWS never answers asks three times, 15 seconds each, and says 504") {
  AgentFixture fixture;
  fixture.start();
  fixture.aws.fail(FaultPlan::of(FaultPlan::Kind::kHang).on("GetSecretValue").times(FaultPlan::kAlways));
  const auto client = fixture.get("a");
  for (std::size_t attempt = 1; attempt <= 3; ++attempt) {
    fixture.wait_for_calls("GetSecretValue", attempt);
    fixture.advance(Seconds(15) - Milliseconds(1));
    CHECK_FALSE(client->done());
    fixture.advance(Milliseconds(1));
    if (attempt < 3) fixture.advance(Milliseconds(100));  // the longest wait before a second or third attempt
  }
  fixture.wait_for(*client);
  CHECK(client->status() == 504);
  CHECK(holds(client->body(), R"("__type":"TimeoutError")"));
  CHECK(fixture.aws.count("GetSecretValue") == 3);
}

TEST_CASE("while AWS hangs, a cached secret is served after 5 seconds, and other clients at once") {
  AgentFixture fixture;
  fixture.start();
  fixture.aws.put("old", "value");
  fixture.aws.put("other", "value");
  CHECK(fixture.answer("old")->status() == 200);
  fixture.advance(Seconds(301));
  CHECK(fixture.answer("other")->status() == 200);
  fixture.aws.fail(FaultPlan::of(FaultPlan::Kind::kHang).times(FaultPlan::kAlways));
  const auto client = fixture.get("old");
  fixture.wait_for_calls("DescribeSecret", 1);
  CHECK(fixture.answer("other")->status() == 200);
  fixture.advance(Seconds(5) - Milliseconds(1));
  CHECK_FALSE(client->done());
  fixture.advance(Milliseconds(1));
  fixture.wait_for(*client);
  CHECK(client->status() == 200);
}

TEST_CASE("after a fault the cached secret is served for 30 seconds without asking AWS") {
  // Without retries, so that no clock has to be moved while a call is under way.
  AgentFixture fixture(std::map<std::string, std::string>{{"AWS_MAX_ATTEMPTS", "1"}});
  fixture.start();
  fixture.aws.put("a", "value");
  CHECK(fixture.answer("a")->status() == 200);
  fixture.advance(Seconds(301));
  fixture.aws.fail(FaultPlan::error(400, "ThrottlingException").times(FaultPlan::kAlways));
  CHECK(fixture.answer("a")->status() == 200);
  const auto calls = fixture.aws.records().size();
  CHECK(fixture.answer("a")->status() == 200);
  CHECK(fixture.aws.records().size() == calls);
  fixture.aws.clear_faults();
  fixture.advance(Seconds(31));
  CHECK(fixture.answer("a")->status() == 200);
  CHECK(fixture.aws.records().size() > calls);
}

TEST_CASE("a secret is asked for again from 80 to 90 percent of its time to live on, and not before") {
  AgentFixture fixture;
  fixture.start();
  fixture.aws.put("a", "value");
  CHECK(fixture.answer("a")->status() == 200);
  fixture.advance(Seconds(239));
  CHECK(fixture.answer("a")->status() == 200);
  CHECK(fixture.aws.count("DescribeSecret") == 0);
  fixture.advance(Seconds(32));
  CHECK(fixture.answer("a")->status() == 200);
  fixture.wait_for_calls("DescribeSecret", 1);
  CHECK(fixture.aws.count("GetSecretValue") == 1);
}

TEST_CASE("a start check that takes 5 seconds is a transient fault: the agent warns and serves") {
  AgentFixture fixture;
  fixture.aws.fail(FaultPlan::of(FaultPlan::Kind::kHang).on("GetCallerIdentity").times(FaultPlan::kAlways));
  fixture.begin();
  fixture.wait_for_calls("GetCallerIdentity", 1);
  fixture.advance(Seconds(5) - Milliseconds(1));
  CHECK_FALSE(fixture.agent().ready().is_set());
  fixture.advance(Milliseconds(1));
  fixture.run_until([&] { return fixture.agent().ready().is_set(); });
  CHECK(fixture.lines.count("WARN sts:GetCallerIdentity") == 1);
}

TEST_CASE("without ignore_transient_errors a start check that gets no answer ends the start") {
  AgentFixture fixture;
  fixture.settings.cache.ignore_transient_errors = false;
  fixture.aws.fail(FaultPlan::of(FaultPlan::Kind::kHang).on("GetCallerIdentity").times(FaultPlan::kAlways));
  fixture.begin();
  fixture.wait_for_calls("GetCallerIdentity", 1);
  fixture.advance(Seconds(5));
  fixture.run_until([&] { return fixture.exit_code().has_value(); });
  CHECK(holds(fixture.problem(), "sts:GetCallerIdentity"));
}

TEST_CASE("refused credentials end the start with the reason, whatever ignore_transient_errors says") {
  AgentFixture fixture(std::map<std::string, std::string>{{"AWS_SECRET_ACCESS_KEY", "wrong"}});
  fixture.start();
  CHECK(fixture.exit_code() == 1);
  CHECK(holds(fixture.problem(), "SignatureDoesNotMatch"));
  CHECK_FALSE(holds(fixture.problem(), "wrong"));
}

TEST_CASE("asked to stop, the agent gives clients ten seconds, then answers 503 and ends") {
  AgentFixture fixture;
  fixture.start();
  fixture.aws.fail(FaultPlan::of(FaultPlan::Kind::kHang).on("GetSecretValue").times(FaultPlan::kAlways));
  const auto client = fixture.get("a");
  fixture.wait_for_calls("GetSecretValue", 1);
  fixture.stop();
  fixture.advance(Seconds(10) - Milliseconds(1));
  CHECK_FALSE(client->done());
  fixture.advance(Milliseconds(1));
  fixture.wait_for(*client);
  CHECK(client->status() == 503);
  fixture.advance(Seconds(3));  // the client is given time to read
  fixture.run_until([&] { return fixture.exit_code().has_value(); });
}

TEST_CASE("asked to stop with nobody there, the agent ends at once") {
  AgentFixture fixture;
  fixture.start();
  fixture.stop();
  std::optional<int> code;
  fixture.run_until([&] { return (code = fixture.exit_code()).has_value(); });
  CHECK(code == 0);
}

TEST_CASE("asked to stop while it starts, the agent ends at once") {
  AgentFixture fixture;
  fixture.aws.fail(FaultPlan::of(FaultPlan::Kind::kHang).on("GetCallerIdentity").times(FaultPlan::kAlways));
  fixture.begin();
  fixture.wait_for_calls("GetCallerIdentity", 1);
  fixture.stop();
  std::optional<int> code;
  fixture.run_until([&] { return (code = fixture.exit_code()).has_value(); });
  CHECK(code == 0);
}

TEST_CASE("while the credentials are checked, what clients ask for is fetched, and nothing is answered") {
  AgentFixture fixture;
  fixture.settings.prefetch.secrets = {{"listed", ""}};
  fixture.aws.put("a", "value");
  fixture.aws.put("listed", "value");
  const auto gate = fixture.aws.hold("GetCallerIdentity");
  fixture.begin();
  const auto secret = fixture.get("a");
  AgentClient ping(fixture.agent().port(), "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n");
  AgentClient stranger(fixture.agent().port(), "GET /v1/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
  AgentClient malformed(fixture.agent().port(), "GET /ping HTTP/1.1\r\n\r\n");
  fixture.wait_for_calls("GetSecretValue", 1);
  fixture.wait_for_calls("BatchGetSecretValue", 1);
  fixture.wait_for_calls("GetCallerIdentity", 1);
  fixture.wait_for(malformed);
  CHECK(malformed.status() == 400);
  fixture.run_until([&] { return fixture.lines.count("INFO prefetch") == 1; });
  fixture.advance(Seconds(1));
  CHECK_FALSE(fixture.agent().ready().is_set());
  for (AgentClient* client : {secret.get(), &ping, &stranger}) CHECK_FALSE(client->done());

  gate->open();
  for (AgentClient* client : {secret.get(), &ping, &stranger}) fixture.wait_for(*client);
  CHECK(fixture.agent().ready().is_set());
  CHECK(secret->status() == 200);
  CHECK(ping.status() == 200);
  CHECK(stranger.status() == 403);
  CHECK(fixture.answer("listed")->status() == 200);
  CHECK(fixture.aws.count("GetSecretValue") == 1);
}

TEST_CASE(
    "clients that wait for the check are closed unanswered if the credentials are refused or the agent is to stop") {
  bool refused = false;
  SUBCASE("asked to stop") {}
  SUBCASE("refused") { refused = true; }
  AgentFixture fixture;
  fixture.aws.put("a", "value");
  if (refused)
    fixture.aws.fail(FaultPlan::error(403, "InvalidClientTokenId").on("GetCallerIdentity").times(FaultPlan::kAlways));
  const auto gate = fixture.aws.hold("GetCallerIdentity");
  fixture.begin();
  const auto secret = fixture.get("a");
  AgentClient ping(fixture.agent().port(), "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n");
  fixture.wait_for_calls("GetSecretValue", 1);
  fixture.wait_for_calls("GetCallerIdentity", 1);
  if (refused) {
    gate->open();
  } else {
    fixture.stop();
  }
  std::optional<int> code;
  fixture.run_until([&] { return (code = fixture.exit_code()).has_value(); });
  CHECK(code == (refused ? 1 : 0));
  fixture.end_agent();
  for (AgentClient* client : {secret.get(), &ping}) {
    fixture.wait_for(*client);
    CHECK(client->closed());
    CHECK(client->status() == 0);
  }
}

TEST_CASE("no client is accepted before the region is known") {
  AgentFixture fixture(std::map<std::string, std::string>{{"AWS_REGION", ""},
                                                          {"AWS_DEFAULT_REGION", ""},
                                                          {"AWS_EC2_METADATA_DISABLED", "false"},
                                                          {"AWS_EC2_METADATA_SERVICE_ENDPOINT", "{aws}"}});
  const auto gate = fixture.aws.hold("metadata:token");
  fixture.begin();
  AgentClient malformed(fixture.agent().port(), "GET /ping HTTP/1.1\r\n\r\n");
  fixture.wait_for_calls("metadata:token", 1);
  CHECK_FALSE(malformed.done());
  gate->open();
  fixture.wait_for(malformed);
  CHECK(malformed.status() == 400);
}

TEST_CASE("a clock that is wrong by an hour is noticed, corrected once, and not asked about again") {
  AgentFixture fixture;
  fixture.settings.validate_credentials = false;
  fixture.aws.put("a", "value");
  fixture.aws.put("b", "value");
  fixture.aws.set_clock_offset(3600);
  fixture.start();
  CHECK(fixture.answer("a")->status() == 200);
  CHECK(fixture.aws.count("GetSecretValue") == 2);
  CHECK(fixture.answer("b")->status() == 200);
  CHECK(fixture.aws.count("GetSecretValue") == 3);
}

}  // namespace
}  // namespace sma
