#include <doctest/doctest.h>

#include <algorithm>

#include "tests/integration/support/agent_with_aws.h"

namespace sma::integration {

namespace {

constexpr const char* kRole = "arn:aws:iam::123456789012:role/prefetcher";

/// The log on standard output, where a test can wait for a line of it.
AgentWithAws scene_with(const std::string& prefetch, Variables variables = {}) {
  AgentSettings settings;
  settings.config = "[capabilities.secrets_manager.prefetch]\n" + prefetch;
  variables.emplace("SMA_LOG_TO_FILE", "false");
  return AgentWithAws(std::move(variables), std::move(settings));
}

std::string listed(const std::vector<std::string>& ids) {
  std::string text = "secrets = [";
  for (const std::string& id : ids) text += "{ secret_id = \"" + id + "\" },";
  return text + "]\n";
}

std::vector<std::string> many(std::size_t count) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < count; ++i) ids.push_back("prefetch/many" + std::to_string(i));
  return ids;
}

std::string finish(AgentWithAws& scene) {
  return scene.agent().child().wait_for_line("prefetch finished").value_or("");
}

std::ptrdiff_t ids_in(const standin::Record& record) {
  return std::count(record.secret_id.begin(), record.secret_id.end(), ',') + 1;
}

bool line_has(const std::string& text, const std::string& one, const std::string& other) {
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string line = text.substr(start, end - start);
    if (line.find(one) != std::string::npos && line.find(other) != std::string::npos) return true;
    start = end + 1;
  }
  return false;
}

}  // namespace

TEST_CASE("listed secrets are loaded twenty a call and then served from memory") {
  const auto ids = many(25);
  AgentWithAws scene = scene_with(listed(ids));
  for (const std::string& id : ids) scene.aws.put(id, "prefetch-listed-value");
  CHECK(finish(scene).find("loaded=25 failed=0 skipped=0") != std::string::npos);
  const auto calls = scene.aws.records("BatchGetSecretValue");
  REQUIRE(calls.size() == 2);
  CHECK(ids_in(calls[0]) == 20);
  CHECK(ids_in(calls[1]) == 5);
  for (const std::string& id : ids) CHECK(scene.agent().get_secret(id).status == 200);
  CHECK(scene.aws.count("GetSecretValue") == 0);
}

TEST_CASE("secrets with a tag are loaded page by page and found under name and ARN") {
  const auto ids = many(25);
  AgentWithAws scene = scene_with("filter_tags = [{ key = \"preload\" }]\n");
  for (const std::string& id : ids) {
    scene.aws.put(id, "prefetch-tagged-value");
    scene.aws.with([&](auto& world) { world.secrets.find(id)->tags["preload"] = "yes"; });
  }
  scene.aws.put("prefetch/untagged", "prefetch-untagged-value");
  CHECK(finish(scene).find("loaded=25 failed=0") != std::string::npos);
  CHECK(scene.aws.count("BatchGetSecretValue") == 2);
  for (const std::string& id : ids) {
    const std::string arn = scene.aws.with([&](auto& world) { return world.secrets.find(id)->arn; });
    CHECK(scene.agent().get_secret(id).status == 200);
    CHECK(scene.agent().get_secret(arn).status == 200);
  }
  CHECK(scene.aws.count("GetSecretValue") == 0);
  CHECK(scene.agent().get_secret("prefetch/untagged").status == 200);
  CHECK(scene.aws.count("GetSecretValue") == 1);
}

TEST_CASE("an entry with a role is loaded as that role, into that role's cache") {
  AgentWithAws scene =
      scene_with(std::string("secrets = [{ secret_id = \"prefetch/role\", role_arn = \"") + kRole + "\" }]\n");
  scene.aws.put("prefetch/role", "prefetch-role-value");
  scene.aws.with([](auto& world) {
    standin::Role role;
    role.arn = kRole;
    world.add_role(std::move(role));
  });
  CHECK(finish(scene).find("loaded=1") != std::string::npos);
  CHECK(scene.aws.last("BatchGetSecretValue").signature.principal_arn ==
        "arn:aws:sts::123456789012:assumed-role/prefetcher/secrets-manager-agent");
  CHECK(scene.agent().get_secret("prefetch/role", "&roleArn=" + percent_encode(kRole)).status == 200);
  CHECK(scene.aws.count("GetSecretValue") == 0);
  CHECK(scene.agent().get_secret("prefetch/role").status == 200);
  CHECK(scene.aws.count("GetSecretValue") == 1);
}

TEST_CASE("prefetch fills no more of the cache than cache_buffer_ratio") {
  const auto ids = many(12);
  AgentWithAws scene = scene_with("cache_buffer_ratio = 0.5\n" + listed(ids), {{"SMA_CACHE_SIZE", "10"}});
  for (const std::string& id : ids) scene.aws.put(id, "prefetch-ratio-value");
  CHECK(finish(scene).find("loaded=5 failed=0 skipped=7") != std::string::npos);
  CHECK(ids_in(scene.aws.last("BatchGetSecretValue")) == 5);
}

TEST_CASE("what cannot be loaded is logged by name, the rest is loaded, and the agent serves") {
  AgentWithAws scene = scene_with(
      "secrets = [{ secret_id = \"prefetch/good\" }, { secret_id = \"prefetch/missing\" },"
      " { secret_id = \"prefetch/denied\" }, { secret_id = \"prefetch/misnamed\", role_arn = \"no-arn\" }]\n");
  for (const char* id : {"prefetch/good", "prefetch/denied"}) scene.aws.put(id, "prefetch-partial-value");
  scene.aws.with([](auto& world) { world.secrets.find("prefetch/denied")->denied.insert("GetSecretValue"); });
  CHECK(finish(scene).find("loaded=1 failed=3") != std::string::npos);
  const std::string log = scene.agent().all_output();
  CHECK(line_has(log, "prefetch failed", "prefetch/missing"));
  CHECK(line_has(log, "prefetch failed", "prefetch/denied"));
  CHECK(line_has(log, "prefetch failed", "prefetch/misnamed"));
  CHECK_FALSE(line_has(log, "prefetch failed", "prefetch/good"));
  CHECK(scene.agent().get_secret("prefetch/good").status == 200);
  CHECK(scene.aws.count("GetSecretValue") == 0);
}

TEST_CASE("clients are served while prefetch waits, and their own newer fetch is kept") {
  AgentWithAws scene = scene_with(listed({"prefetch/race"}));
  scene.aws.put("prefetch/race", "prefetch-race-value");
  scene.aws.put("prefetch/other", "prefetch-other-value");
  const auto gate = scene.aws.hold("BatchGetSecretValue", standin::FaultPlan::kAlways, true);
  (void)scene.agent();
  gate->wait_for(1);
  scene.aws.rotate("prefetch/race");
  CHECK(scene.agent().get_secret("prefetch/other").status == 200);
  const std::string fetched = member(scene.agent().get_secret("prefetch/race").body, "SecretString");
  CHECK(fetched == "prefetch-race-value#1");
  gate->open();
  CHECK(finish(scene).find("failed=0") != std::string::npos);
  CHECK(member(scene.agent().get_secret("prefetch/race").body, "SecretString") == fetched);
  CHECK(scene.aws.count("GetSecretValue", "prefetch/race") == 1);
}

TEST_CASE("secrets that prefetch cannot load because AWS is away are loaded when it is back") {
  AgentWithAws scene = scene_with(listed({"prefetch/late"}), {{"AWS_MAX_ATTEMPTS", "1"}});
  scene.aws.put("prefetch/late", "prefetch-late-value");
  for (const char* operation : {"BatchGetSecretValue", "GetSecretValue"})
    scene.aws.fail(standin::FaultPlan::error(503, "ServiceUnavailable").on(operation));
  CHECK(finish(scene).find("loaded=1 failed=0 skipped=0") != std::string::npos);
  CHECK(line_has(scene.agent().all_output(), "prefetch failed, it is tried again", "prefetch/late"));
  CHECK(scene.agent().get_secret("prefetch/late").status == 200);
  CHECK(scene.aws.count("GetSecretValue") == 1);  // the one that failed
}

}  // namespace sma::integration
