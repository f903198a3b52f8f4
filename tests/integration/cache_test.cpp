#include <doctest/doctest.h>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/crowd.h"
#include "tests/integration/support/wait_until.h"

namespace sma::integration {

namespace {

std::string value(AgentWithAws& scene, const std::string& id, const std::string& parameters = "") {
  return member(scene.agent().get_secret(id, parameters).body, "SecretString");
}

/// Asks for the secret until `done`, a minute at most: expiry needs time, whose length no test here judges.
template <typename Done>
void ask_until(AgentWithAws& scene, const std::string& id, Done done) {
  wait_until("what asking for " + id + " leads to", [&] {
    if (!done()) (void)scene.agent().get_secret(id);
    return done();
  });
}

}  // namespace

TEST_CASE("a cached secret costs one call, however often it is asked for") {
  AgentWithAws scene(Variables{{"SMA_TTL_SECONDS", "3600"}});
  scene.aws.put("cache/once", "cache-once-value");
  for (int i = 0; i < 50; ++i) CHECK(value(scene, "cache/once") == "cache-once-value");
  scene.aws.rotate("cache/once");
  CHECK(value(scene, "cache/once") == "cache-once-value");
  CHECK(scene.aws.count("GetSecretValue") == 1);
  CHECK(scene.aws.count("DescribeSecret") == 0);
}

TEST_CASE("id as written, version and stage are keys of their own") {
  AgentWithAws scene;
  const std::string version = scene.aws.put("cache/keys", "cache-keys-value");
  const std::string arn = scene.aws.with([](auto& world) { return world.secrets.find("cache/keys")->arn; });
  for (int i = 0; i < 2; ++i) {
    (void)scene.agent().get_secret("cache/keys");
    (void)scene.agent().get_secret(arn);
    (void)scene.agent().get_secret("cache/keys", "&versionId=" + version);
    (void)scene.agent().get_secret("cache/keys", "&versionStage=AWSCURRENT");
    (void)scene.agent().get("/v1/cache/keys");
  }
  CHECK(scene.aws.count("GetSecretValue") == 4);
}

TEST_CASE("caching off asks AWS every time") {
  for (const char* variable : {"SMA_TTL_SECONDS", "SMA_CACHE_SIZE"}) {
    AgentWithAws scene(Variables{{variable, "0"}});
    scene.aws.put("cache/off", "cache-off-value");
    CHECK(value(scene, "cache/off") == "cache-off-value");
    scene.aws.rotate("cache/off");
    CHECK(value(scene, "cache/off") == "cache-off-value#1");
    CHECK(scene.aws.count("GetSecretValue") == 2);
  }
}

TEST_CASE("refreshNow always asks AWS and renews the entry") {
  AgentWithAws scene;
  scene.aws.put("cache/refresh", "cache-refresh-value");
  CHECK(value(scene, "cache/refresh") == "cache-refresh-value");
  scene.aws.rotate("cache/refresh");
  CHECK(value(scene, "cache/refresh", "&refreshNow=true") == "cache-refresh-value#1");
  CHECK(value(scene, "cache/refresh") == "cache-refresh-value#1");
  CHECK(value(scene, "cache/refresh", "&refreshNow=false") == "cache-refresh-value#1");
  CHECK(scene.aws.count("GetSecretValue") == 2);
}

TEST_CASE("a refreshNow that is refused, on a new connection too, returns the error and ends the cached value") {
  AgentWithAws scene;
  scene.aws.put("cache/kept", "cache-kept-value");
  CHECK(value(scene, "cache/kept") == "cache-kept-value");
  scene.aws.fail(standin::FaultPlan::error(400, "AccessDeniedException").on("GetSecretValue"));
  CHECK(value(scene, "cache/kept", "&refreshNow=true") == "cache-kept-value");
  CHECK(scene.aws.count("GetSecretValue") == 3);
  scene.aws.fail(standin::FaultPlan::error(400, "AccessDeniedException").on("GetSecretValue").times(2));
  CHECK(scene.agent().get_secret("cache/kept", "&refreshNow=true").status == 400);
  CHECK(scene.aws.count("GetSecretValue") == 5);
  CHECK(value(scene, "cache/kept") == "cache-kept-value");
  CHECK(scene.aws.count("GetSecretValue") == 6);
}

TEST_CASE("a transient fault under refreshNow is an error if ignore_transient_errors is off") {
  AgentWithAws scene(Variables{{"SMA_IGNORE_TRANSIENT_ERRORS", "false"}});
  scene.aws.put("cache/transient", "cache-transient-value");
  CHECK(value(scene, "cache/transient") == "cache-transient-value");
  scene.aws.fail(standin::FaultPlan::error(503, "ServiceUnavailable").on("GetSecretValue").times(3));
  CHECK(scene.agent().get_secret("cache/transient", "&refreshNow=true").status == 503);
  CHECK(value(scene, "cache/transient") == "cache-transient-value");
}

TEST_CASE("an expired entry whose version still holds costs a DescribeSecret only") {
  AgentWithAws scene(Variables{{"SMA_TTL_SECONDS", "1"}});
  scene.aws.put("cache/expired", "cache-expired-value");
  ask_until(scene, "cache/expired", [&] { return scene.aws.count("DescribeSecret") >= 1; });
  CHECK(scene.aws.count("GetSecretValue") == 1);
  const std::string arn = scene.aws.with([](auto& world) { return world.secrets.find("cache/expired")->arn; });
  CHECK(scene.aws.last("DescribeSecret").secret_id == arn);
}

TEST_CASE("an expired entry that was rotated is fetched again") {
  AgentWithAws scene(Variables{{"SMA_TTL_SECONDS", "1"}});
  scene.aws.put("cache/rotated", "cache-rotated-value");
  CHECK(value(scene, "cache/rotated") == "cache-rotated-value");
  scene.aws.rotate("cache/rotated");
  // A use shortly before the expiry is still answered from memory while the new value is fetched.
  ask_until(scene, "cache/rotated", [&] { return value(scene, "cache/rotated") == "cache-rotated-value#1"; });
  CHECK(scene.aws.count("GetSecretValue") == 2);
}

TEST_CASE("a secret that may not be described is still refreshed") {
  AgentWithAws scene(Variables{{"SMA_TTL_SECONDS", "1"}});
  scene.aws.put("cache/undescribed", "cache-undescribed-value");
  scene.aws.with([](auto& world) { world.secrets.find("cache/undescribed")->denied = {"DescribeSecret"}; });
  ask_until(scene, "cache/undescribed", [&] { return scene.aws.count("GetSecretValue") >= 2; });
  CHECK(scene.aws.count("DescribeSecret") >= 1);
  CHECK(value(scene, "cache/undescribed") == "cache-undescribed-value");
}

TEST_CASE("an expired entry outlives AWS's faults") {
  AgentWithAws scene(Variables{{"SMA_TTL_SECONDS", "1"}});
  scene.aws.put("cache/outlives", "cache-outlives-value");
  CHECK(value(scene, "cache/outlives") == "cache-outlives-value");
  scene.aws.fail(standin::FaultPlan::error(503, "ServiceUnavailable").times(standin::FaultPlan::kAlways));
  const auto refused = [&] { return scene.aws.count("DescribeSecret") + scene.aws.count("GetSecretValue") >= 4; };
  ask_until(scene, "cache/outlives", refused);
  CHECK(value(scene, "cache/outlives") == "cache-outlives-value");
}

TEST_CASE("two hundred at once of one missing secret make one call") {
  AgentWithAws scene;
  scene.aws.put("cache/crowd", "cache-crowd-value");
  Crowd crowd(scene.agent(), 200);
  const auto gate = scene.aws.hold("GetSecretValue");
  crowd.send_all(get_request("/v1/cache/crowd"));
  gate->open();
  for (const Answer& answer : crowd.read_all()) CHECK(member(answer.body, "SecretString") == "cache-crowd-value");
  CHECK(scene.aws.count("GetSecretValue") == 1);
}

TEST_CASE("two hundred at once with caching off make two calls at most") {
  AgentWithAws scene(Variables{{"SMA_TTL_SECONDS", "0"}});
  scene.aws.put("cache/uncached-crowd", "cache-uncached-crowd-value");
  Crowd crowd(scene.agent(), 200);
  const auto gate = scene.aws.hold("GetSecretValue");
  crowd.send_all(get_request("/v1/cache/uncached-crowd"));
  gate->open();
  for (const Answer& answer : crowd.read_all()) CHECK(answer.status == 200);
  CHECK(scene.aws.count("GetSecretValue") <= 2);
}

TEST_CASE("a refreshNow does not join a call that is already under way") {
  AgentWithAws scene;
  scene.aws.put("cache/late", "cache-late-value");
  const auto gate = scene.aws.hold("GetSecretValue", 1, true);
  HttpConnection early = scene.agent().connect();
  early.send(get_request("/v1/cache/late"));
  gate->wait_for(1);
  scene.aws.rotate("cache/late");
  HttpConnection late = scene.agent().connect();
  late.send(get_request("/v1/cache/late?refreshNow=true"));
  CHECK(scene.agent().get("/ping").status == 200);
  CHECK(scene.aws.count("GetSecretValue") == 1);
  gate->open();
  CHECK(member(early.read_answer().body, "SecretString") == "cache-late-value");
  CHECK(member(late.read_answer().body, "SecretString") == "cache-late-value#1");
  CHECK(scene.aws.count("GetSecretValue") == 2);
}

TEST_CASE("a client that goes away cancels nothing that others wait for") {
  AgentWithAws scene;
  scene.aws.put("cache/gone", "cache-gone-value");
  const auto gate = scene.aws.hold("GetSecretValue");
  HttpConnection first = scene.agent().connect();
  first.send(get_request("/v1/cache/gone"));
  gate->wait_for(1);
  HttpConnection second = scene.agent().connect();
  second.send(get_request("/v1/cache/gone"));
  CHECK(scene.agent().get("/ping").status == 200);
  first.vanish();
  CHECK(scene.agent().get("/ping").status == 200);
  gate->open();
  CHECK(second.read_answer().status == 200);
  CHECK(scene.aws.count("GetSecretValue") == 1);
}

TEST_CASE("the least recently used entry leaves first") {
  AgentWithAws scene(Variables{{"SMA_CACHE_SIZE", "2"}});
  for (const char* name : {"cache/a", "cache/b", "cache/c"}) scene.aws.put(name, std::string("value-of-") + name);
  for (const char* name : {"cache/a", "cache/b", "cache/a", "cache/c", "cache/a"}) (void)value(scene, name);
  CHECK(scene.aws.count("GetSecretValue") == 3);
  (void)value(scene, "cache/b");
  CHECK(scene.aws.count("GetSecretValue") == 4);
}

TEST_CASE("a thousand distinct misses at once are all answered, sixteen calls at a time at most") {
  AgentWithAws scene(Variables{{"SMA_MAX_CONN", "1000"}});
  for (int i = 0; i < 900; ++i) scene.aws.put("cache/many/" + std::to_string(i), "value-" + std::to_string(i));
  Crowd crowd(scene.agent(), 900);
  const auto gate = scene.aws.hold("GetSecretValue");
  for (std::size_t i = 0; i < 900; ++i) {
    crowd.clients()[i].send(get_request("/v1/cache/many/" + std::to_string(i)));
  }
  gate->wait_for(16);
  CHECK(scene.agent().get("/ping").status == 200);
  CHECK(gate->arrived() == 16);
  gate->open();
  const auto answers = crowd.read_all();
  for (std::size_t i = 0; i < 900; ++i) CHECK(member(answers[i].body, "SecretString") == "value-" + std::to_string(i));
  CHECK(scene.aws.count("GetSecretValue") == 900);
}

}  // namespace sma::integration
