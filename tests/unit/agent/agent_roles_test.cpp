#include <doctest/doctest.h>

#include <vector>

#include "tests/unit/agent/agent_fixture.h"

namespace sma {
namespace {

using standin::FaultPlan;

std::string arn(const std::string& role) { return "arn:aws:iam::123456789012:role/" + role; }
std::string as(const std::string& role) { return "&roleArn=" + arn(role); }

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// An agent with a secret and some roles that may read it.
struct RolesFixture : AgentFixture {
  explicit RolesFixture(std::vector<std::string> roles = {"reader"}, std::map<std::string, std::string> variables = {})
      : AgentFixture(std::move(variables)) {
    aws.put("a", "value");
    for (const std::string& role : roles) add(role);
  }
  void add(const std::string& name) {
    aws.with([&](standin::World& world) {
      standin::Role role;
      role.arn = arn(name);
      world.add_role(role);
    });
  }
  void remove(const std::string& name) {
    aws.with([&](standin::World& world) { world.roles.erase(arn(name)); });
  }
  /// Keys of roles are taken no more; the base's are.
  void revoke_roles() {
    aws.with([](standin::World& world) {
      std::vector<std::string> issued;
      for (const auto& [key, principal] : world.keys.all())
        if (holds(principal.arn, ":assumed-role/reader/")) issued.push_back(key);
      for (const std::string& key : issued) world.keys.revoke(key);
    });
  }
  /// Lets time pass until there is an answer: retries wait.
  void wait_with_time(AgentClient& client) {
    run_until([&] {
      advance(Milliseconds(100));
      return client.done();
    });
  }
};

TEST_CASE("a role's refused keys are renewed once, and the base's are left alone") {
  RolesFixture fixture;
  fixture.start();
  CHECK(fixture.answer("a", as("reader"))->status() == 200);
  const std::size_t identities = fixture.aws.count("GetCallerIdentity");
  fixture.revoke_roles();
  CHECK(fixture.answer("a", as("reader") + "&refreshNow=true")->status() == 200);
  CHECK(fixture.aws.count("AssumeRole") == 2);
  CHECK(fixture.aws.count("GetSecretValue") == 3);
  CHECK(fixture.aws.count("GetCallerIdentity") == identities);
}

TEST_CASE("a role that may no longer be assumed is a 403, though its secret is cached") {
  RolesFixture fixture;
  fixture.start();
  CHECK(fixture.answer("a", as("reader"))->status() == 200);
  fixture.remove("reader");
  fixture.revoke_roles();
  CHECK(fixture.answer("a", as("reader"))->status() == 200);
  fixture.advance(Seconds(301));
  const auto client = fixture.answer("a", as("reader"));
  CHECK(client->status() == 403);
  CHECK(holds(client->body(), R"("__type":"AccessDeniedException")"));
}

TEST_CASE("a role that STS refuses loses all its cached secrets, unless the refusal is about keys or quotas") {
  for (const auto& [code, loses] : {std::pair{"AccessDenied", true}, std::pair{"ValidationError", true},
                                    std::pair{"SignatureDoesNotMatch", false}, std::pair{"LimitExceeded", false}}) {
    CAPTURE(code);
    RolesFixture fixture;
    fixture.settings.cache.ttl = Seconds(3600);
    fixture.start();
    CHECK(fixture.answer("a", as("reader"))->status() == 200);
    fixture.advance(Seconds(1800));
    fixture.aws.put("b", "value of b");
    CHECK(fixture.answer("b", as("reader"))->status() == 200);
    fixture.aws.fail(FaultPlan::sts_error(403, code).on("AssumeRole").times(FaultPlan::kAlways));
    fixture.advance(Seconds(1801));
    CHECK(fixture.answer("a", as("reader"))->status() == 403);
    CHECK(fixture.answer("b", as("reader"))->status() == (loses ? 403 : 200));
  }
}

TEST_CASE("while STS fails, a role's cached secret is served, though the role's keys have expired") {
  for (const auto& [status, code] :
       {std::pair{503, "ServiceUnavailable"}, std::pair{500, "InternalFailure"}, std::pair{504, "TimeoutError"},
        std::pair{501, "ConnectionError"}, std::pair{400, "Throttling"}}) {
    CAPTURE(code);
    RolesFixture fixture;
    fixture.settings.cache.ttl = Seconds(3600);
    fixture.start();
    CHECK(fixture.answer("a", as("reader"))->status() == 200);
    fixture.aws.fail(FaultPlan::sts_error(status, code).on("AssumeRole").times(FaultPlan::kAlways));
    fixture.advance(Seconds(3601));
    const auto cached = fixture.get("a", as("reader"));
    fixture.wait_with_time(*cached);
    CHECK(cached->status() == 200);
    const auto forced = fixture.get("a", as("reader") + "&refreshNow=true");
    fixture.wait_with_time(*forced);
    CHECK(forced->status() == 403);
    CHECK(holds(forced->body(), R"("__type":"AccessDeniedException")"));
  }
}

TEST_CASE("while refused keys cannot be renewed for the moment, cached secrets are served, minute after minute") {
  RolesFixture fixture({}, {{"AWS_ACCESS_KEY_ID", ""},
                            {"AWS_SECRET_ACCESS_KEY", ""},
                            {"AWS_CONFIG_FILE", "/nowhere"},
                            {"AWS_SHARED_CREDENTIALS_FILE", "/nowhere"},
                            {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "{aws}/credentials"}});
  fixture.start();
  CHECK(fixture.answer("a")->status() == 200);
  fixture.aws.with([](standin::World& world) { world.keys.revoke_all(); });
  fixture.aws.fail(FaultPlan::body(503, "").on("container:credentials").times(FaultPlan::kAlways));
  fixture.advance(Seconds(301));
  for (int i = 0; i < 5; ++i) {
    CAPTURE(i);
    const auto client = fixture.get("a");
    fixture.wait_with_time(*client);
    CHECK(client->status() == 200);
    fixture.advance(Seconds(31));
  }
}

TEST_CASE("a role whose calls all hang keeps no other role's client waiting, however many wait for it") {
  RolesFixture fixture({"stuck", "quick"});
  fixture.start();
  std::vector<std::unique_ptr<AgentClient>> waiting;
  for (int i = 0; i < 40; ++i) {
    const std::string id = "stuck-" + std::to_string(i);
    fixture.aws.fail(FaultPlan::of(FaultPlan::Kind::kHang).on("GetSecretValue").secret(id).times(FaultPlan::kAlways));
    waiting.push_back(fixture.get(id, as("stuck")));
  }
  fixture.wait_for_calls("GetSecretValue", 8);
  CHECK(fixture.answer("a", as("quick"))->status() == 200);
  CHECK(fixture.answer("a")->status() == 200);
  for (const auto& client : waiting) CHECK_FALSE(client->done());
}

}  // namespace
}  // namespace sma
