#include "agent/readiness.h"

#include <doctest/doctest.h>

#include "tests/unit/agent/agent_fixture.h"

namespace sma {
namespace {

using standin::FaultPlan;

/// The status of `GET /ready`, asked without a token.
int readiness(AgentFixture& fixture) {
  AgentClient client(fixture.agent().port(), "GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n");
  fixture.wait_for(client);
  return client.status();
}

TEST_CASE("an agent that has checked its credentials is ready") {
  AgentFixture fixture;
  fixture.start();
  CHECK(readiness(fixture) == 200);
}

TEST_CASE("the question itself has credentials loaded that nobody has asked for yet") {
  AgentFixture fixture;
  fixture.settings.validate_credentials = false;
  fixture.start();
  CHECK(readiness(fixture) == 503);
  fixture.run_until([&] { return readiness(fixture) == 200; });
}

TEST_CASE("credentials that did not come are asked for again, with growing waits") {
  AgentFixture fixture(std::map<std::string, std::string>{{"AWS_ACCESS_KEY_ID", ""},
                                                          {"AWS_SECRET_ACCESS_KEY", ""},
                                                          {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "{aws}/nothing"}});
  fixture.settings.validate_credentials = false;
  fixture.start();
  CHECK(readiness(fixture) == 503);
  fixture.run_until([&] { return fixture.lines.count("WARN no credentials") == 1; });
  CHECK(readiness(fixture) == 503);
  fixture.advance(Seconds(2));
  fixture.run_until([&] { return fixture.lines.count("WARN no credentials") == 2; });
  CHECK(readiness(fixture) == 503);
}

TEST_CASE("an agent is not ready while a secret of prefetch was not tried") {
  AgentFixture fixture;
  fixture.settings.prefetch.secrets = {{"listed", ""}};
  fixture.aws.put("listed", "value");
  const auto gate = fixture.aws.hold("BatchGetSecretValue");
  fixture.start();
  fixture.wait_for_calls("BatchGetSecretValue", 1);
  CHECK(readiness(fixture) == 503);
  gate->open();
  fixture.run_until([&] { return readiness(fixture) == 200; });
}

TEST_CASE("an agent is ready once each secret of prefetch was tried, also if AWS fails") {
  AgentFixture fixture(std::map<std::string, std::string>{{"AWS_MAX_ATTEMPTS", "1"}});
  fixture.settings.prefetch.secrets = {{"listed", ""}};
  fixture.aws.fail(FaultPlan::error(500, "InternalServiceError").times(FaultPlan::kAlways).on("GetSecretValue"));
  fixture.aws.fail(FaultPlan::error(500, "InternalServiceError").times(FaultPlan::kAlways).on("BatchGetSecretValue"));
  fixture.start();
  fixture.run_until([&] { return readiness(fixture) == 200; });
  CHECK(fixture.lines.count("prefetch finished") == 0);
}

TEST_CASE("an agent that was ready stays so when its credentials have run out") {
  AgentFixture fixture;
  fixture.start();
  CHECK(readiness(fixture) == 200);
  fixture.advance(std::chrono::hours(24));
  CHECK(readiness(fixture) == 200);
}

}  // namespace
}  // namespace sma
