#include <doctest/doctest.h>

#include "tests/unit/agent/agent_fixture.h"

namespace sma {
namespace {

using standin::FaultPlan;

constexpr Seconds kExpired{301};

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The agent with the secret `db` in its cache.
struct CachedFixture : AgentFixture {
  CachedFixture() {
    aws.put("db", "the value");
    start();
    CHECK(answer("db")->status() == 200);
  }
  /// Asks while AWS fails for good: true if a cached value stands in.
  bool is_cached() {
    aws.fail(FaultPlan::error(501, "NotImplemented").times(FaultPlan::kAlways));
    advance(kExpired);
    return answer("db")->status() == 200;
  }
};

}  // namespace

TEST_CASE("a secret that is marked for deletion, or gone, is an error once its TTL is over, and no longer cached") {
  for (const bool gone : {false, true}) {
    CAPTURE(gone);
    CachedFixture fixture;
    fixture.aws.with([&](standin::World& world) {
      if (gone)
        world.secrets.remove("db");
      else
        world.secrets.find("db")->deleted = true;
    });
    CHECK(fixture.answer("db")->status() == 200);
    fixture.advance(kExpired);
    const auto refused = fixture.answer("db");
    CHECK(refused->status() == 400);
    CHECK(holds(refused->body(), gone ? "ResourceNotFoundException" : "InvalidRequestException"));
    CHECK_FALSE(fixture.is_cached());
  }
}

TEST_CASE("a secret that may no longer be read is an error at a refreshNow, and no longer cached") {
  CachedFixture fixture;
  fixture.aws.with([](standin::World& world) { world.secrets.find("db")->denied.insert("GetSecretValue"); });
  CHECK(fixture.answer("db", "&refreshNow=true")->status() == 400);
  CHECK(fixture.lines.count("the secret is refused, its cached value is removed secret_id=db") == 1);
  CHECK_FALSE(fixture.is_cached());
}

TEST_CASE("a refusal on a kept connection that a new one does not confirm removes nothing, and no client sees it") {
  CachedFixture fixture;
  fixture.aws.fail(FaultPlan::error(400, "ResourceNotFoundException").on("GetSecretValue"));
  CHECK(fixture.answer("db", "&refreshNow=true")->status() == 200);
  CHECK(fixture.aws.count("GetSecretValue") == 3);
  const auto records = fixture.aws.records("GetSecretValue");
  CHECK(records[1].connection != records[2].connection);
  CHECK(fixture.is_cached());
}

TEST_CASE("a refusal about keys, signatures, clocks or quotas leaves the cached value in place") {
  for (const char* code : {"InvalidSignatureException", "ExpiredTokenException", "UnrecognizedClientException",
                           "RequestExpired", "LimitExceededException", "IncompleteSignature"}) {
    CAPTURE(code);
    CachedFixture fixture;
    fixture.aws.fail(FaultPlan::error(400, code).times(FaultPlan::kAlways));
    const auto refused = fixture.get("db", "&refreshNow=true");
    fixture.run_until([&] {
      fixture.advance(Milliseconds(10));
      return refused->done();
    });
    CHECK(refused->status() == 400);
    fixture.aws.clear_faults();
    CHECK(fixture.is_cached());
  }
}

TEST_CASE("another secret's answer is never served nor cached, and an empty 200 does not replace a good value") {
  for (const char* wrong : {R"({"Name":"other","SecretString":"of another"})", "{}"}) {
    CAPTURE(wrong);
    CachedFixture fixture;
    fixture.aws.fail(FaultPlan::body(200, wrong).times(FaultPlan::kAlways));
    fixture.advance(kExpired);
    const auto served = fixture.answer("db");
    CHECK(served->status() == 200);
    CHECK(holds(served->body(), "the value"));
    CHECK(fixture.answer("db", "&refreshNow=true")->status() == 502);
    CHECK(fixture.answer("api")->status() == 502);
    fixture.aws.clear_faults();
    CHECK(holds(fixture.answer("db", "&refreshNow=true")->body(), "the value"));
  }
}

TEST_CASE("one answer of another secret goes unnoticed") {
  CachedFixture fixture;
  fixture.aws.fail(FaultPlan::body(200, R"({"Name":"other","SecretString":"of another"})").on("GetSecretValue"));
  const auto served = fixture.answer("db", "&refreshNow=true");
  CHECK(served->status() == 200);
  CHECK(holds(served->body(), "the value"));
  const auto records = fixture.aws.records("GetSecretValue");
  REQUIRE(records.size() == 3);
  CHECK(records[1].connection != records[2].connection);
}

}  // namespace sma
