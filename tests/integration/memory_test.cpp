#include <doctest/doctest.h>

#include <chrono>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/certificate.h"
#include "tests/integration/support/process_memory.h"
#include "tests/standin/encoding.h"

namespace sma::integration {

namespace {

/// The last copies go within a second of the last answer: looks until it is so, ten seconds at most.
std::size_t settled_copies(AgentProcess& agent, const std::string& bytes, std::size_t wanted) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::size_t copies = 0;
  do {
    copies = copies_in_memory(agent.child().pid(), bytes);
  } while (copies != wanted && std::chrono::steady_clock::now() < end);
  return copies;
}

bool is_possible(AgentWithAws& scene) {
  const bool possible = can_read_memory_of(scene.agent().child().pid());
  if (!possible) MESSAGE("skipped: reading another process's memory needs root");
  return possible;
}

/// Ends all keys, so that the next call is refused and the agent asks its source again. Returns the old keys.
std::vector<std::string> revoke_keys(standin::Standin& aws) {
  return aws.with([](standin::World& world) {
    std::vector<std::string> ended;
    for (const auto& [access_key, principal] : world.keys.all()) {
      ended.push_back(principal.secret_key);
      if (!principal.session_token.empty()) ended.push_back(principal.session_token.substr(100, 60));
    }
    world.keys.revoke_all();
    return ended;
  });
}

/// Never twice the same, and long enough to stand nowhere by chance.
std::string new_secret(std::size_t size = 48) { return standin::random_text(size); }

}  // namespace

TEST_CASE("a cached secret is in memory once") {
  AgentWithAws scene;
  if (!is_possible(scene)) return;
  const std::string secret = new_secret();
  scene.aws.put("memory/cached", secret);
  for (int i = 0; i < 20; ++i) CHECK(scene.agent().get_secret("memory/cached").status == 200);
  CHECK(settled_copies(scene.agent(), secret, 1) == 1);
}

TEST_CASE("evicted, replaced and uncached secrets are nowhere in memory") {
  AgentWithAws evicting(Variables{{"SMA_CACHE_SIZE", "1"}});
  if (!is_possible(evicting)) return;
  const std::string evicted = new_secret();
  evicting.aws.put("memory/evicted", evicted);
  evicting.aws.put("memory/next", new_secret());
  CHECK(evicting.agent().get_secret("memory/evicted").status == 200);
  CHECK(evicting.agent().get_secret("memory/next").status == 200);
  CHECK(settled_copies(evicting.agent(), evicted, 0) == 0);

  AgentWithAws scene;
  const std::string replaced = new_secret();
  scene.aws.put("memory/replaced", replaced);
  CHECK(scene.agent().get_secret("memory/replaced").status == 200);
  scene.aws.put("memory/replaced", new_secret());
  CHECK(scene.agent().get_secret("memory/replaced", "&refreshNow=true").status == 200);
  CHECK(settled_copies(scene.agent(), replaced, 0) == 0);

  AgentWithAws off(Variables{{"SMA_TTL_SECONDS", "0"}});
  const std::string uncached = new_secret();
  off.aws.put("memory/uncached", uncached);
  for (int i = 0; i < 5; ++i) CHECK(off.agent().get_secret("memory/uncached").status == 200);
  CHECK(settled_copies(off.agent(), uncached, 0) == 0);
}

TEST_CASE("large and binary secrets leave nothing over TLS either") {
  const Certificate certificate;
  standin::StandinOptions options;
  options.tls_certificate = certificate.certificate_file();
  options.tls_key = certificate.key_file();
  standin::Standin aws(options);
  AgentSettings settings;
  settings.environment = aws.environment();
  settings.environment["AWS_CA_BUNDLE"] = certificate.certificate_file();
  settings.environment["SMA_TTL_SECONDS"] = "0";
  AgentProcess agent(settings);
  agent.wait_until_listening();
  if (!can_read_memory_of(agent.child().pid())) return;
  const std::string middle = new_secret();
  aws.put("memory/large", std::string(30'000, 'a') + middle + std::string(30'000, 'b'));
  const std::string binary = new_secret();
  aws.put_binary("memory/binary", binary);
  for (int i = 0; i < 5; ++i) {
    CHECK(agent.get_secret("memory/large").status == 200);
    CHECK(agent.get_secret("memory/binary").status == 200);
  }
  CHECK(settled_copies(agent, middle, 0) == 0);
  CHECK(settled_copies(agent, binary, 0) == 0);
  CHECK(settled_copies(agent, standin::base64_encode(binary), 0) == 0);
}

TEST_CASE("the token that a client sends is in memory once, and a wrong one nowhere") {
  AgentWithAws scene;
  if (!is_possible(scene)) return;
  const std::string guess = new_secret();
  scene.aws.put("memory/token", new_secret());
  HttpConnection client = scene.agent().connect();
  client.send("GET /v1/memory/token HTTP/1.1\r\nHost: localhost\r\nX-Vault-Token: " + guess + "\r\n\r\n");
  CHECK(client.read_answer().status == 403);
  CHECK(settled_copies(scene.agent(), guess, 0) == 0);
}

TEST_CASE("an answer that a client never fetched leaves with the client") {
  AgentWithAws scene(Variables{{"SMA_TTL_SECONDS", "0"}});
  if (!is_possible(scene)) return;
  const std::string secret = new_secret();
  scene.aws.put("memory/unread", secret + std::string(60'000, 'u'));
  HttpConnection client = scene.agent().connect();
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += get_request("/v1/memory/unread");
  client.send(requests);
  scene.aws.wait_for("GetSecretValue", 1);
  CHECK(scene.agent().get("/ping").status == 200);
  client.vanish();
  CHECK(settled_copies(scene.agent(), secret, 0) == 0);
}

TEST_CASE("what AWS sends beyond the end of an answer leaves nothing") {
  AgentWithAws scene(Variables{{"AWS_MAX_ATTEMPTS", "1"}});
  if (!is_possible(scene)) return;
  const std::string secret = new_secret();
  scene.aws.put("memory/beyond", std::string(3000, 'b') + secret);
  scene.aws.fail(standin::FaultPlan::of(standin::FaultPlan::Kind::kShortLength).on("GetSecretValue").times(1));
  CHECK(scene.agent().get_secret("memory/beyond").status == 502);
  CHECK(settled_copies(scene.agent(), secret, 0) == 0);
}

TEST_CASE("a secret in an answer that cannot be used leaves nothing") {
  AgentWithAws scene(Variables{{"AWS_MAX_ATTEMPTS", "1"}});
  if (!is_possible(scene)) return;
  for (const char* const form : {"%", R"({"SecretString":"%)", R"({"SecretString":["%"]})", R"({"__type":"%"}%)"}) {
    CAPTURE(form);
    const std::string secret = new_secret();
    std::string body = form;
    body.replace(body.find('%'), 1, secret);
    scene.aws.fail(standin::FaultPlan::body(200, body).on("GetSecretValue").times(1));
    CHECK(scene.agent().get_secret("memory/useless").status == 502);
    CHECK(settled_copies(scene.agent(), secret, 0) == 0);
  }
  scene.aws.put("memory/half", new_secret());
  scene.aws.fail(standin::FaultPlan::of(standin::FaultPlan::Kind::kHalfAnswer).on("GetSecretValue").times(1));
  const std::string cut = new_secret();
  scene.aws.put("memory/half", cut + std::string(5000, 'h'));
  CHECK(scene.agent().get_secret("memory/half").status == 502);
  CHECK(settled_copies(scene.agent(), cut, 0) == 0);
}

TEST_CASE("a prefetched secret is in memory once") {
  AgentWithAws scene(Variables{{"SMA_PREFETCH_SECRETS", "memory/ahead,memory/large"}});
  const std::string secret = new_secret();
  const std::string large = new_secret();
  scene.aws.put("memory/ahead", secret);
  scene.aws.put("memory/large", large + std::string(40'000, 'p'));
  if (!is_possible(scene)) return;
  scene.aws.wait_for("BatchGetSecretValue", 1);
  CHECK(settled_copies(scene.agent(), secret, 1) == 1);
  CHECK(settled_copies(scene.agent(), large, 1) == 1);
}

TEST_CASE("keys that were replaced are nowhere in memory, nor are the tokens they were had for") {
  standin::Standin aws;
  aws.put("memory/renewed", "memory-renewed-value");
  standin::Role role;
  role.arn = "arn:aws:iam::123456789012:role/reader";
  const std::string old_token = new_secret(300);
  role.web_identity_tokens = {old_token};
  aws.with([&](standin::World& world) {
    world.add_role(role);
    world.container.authorization = old_token;
  });
  const TempFolder folder;
  const std::string token_file = folder.write("token", old_token);

  const std::vector<Variables> sources{
      {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", aws.url() + "/credentials"},
       {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token_file}},
      {{"AWS_WEB_IDENTITY_TOKEN_FILE", token_file}, {"AWS_ROLE_ARN", role.arn}},
      {{"AWS_EC2_METADATA_DISABLED", "false"}, {"AWS_EC2_METADATA_SERVICE_ENDPOINT", aws.url()}}};
  for (const Variables& source : sources) {
    CAPTURE(source.begin()->first);
    AgentSettings settings;
    settings.environment = aws.environment();
    settings.environment["AWS_ACCESS_KEY_ID"] = "";
    settings.environment["AWS_SECRET_ACCESS_KEY"] = "";
    settings.environment["SMA_TTL_SECONDS"] = "0";
    for (const auto& [name, value] : source) settings.environment[name] = value;
    AgentProcess agent(settings);
    CHECK(agent.get_secret("memory/renewed").status == 200);
    if (!can_read_memory_of(agent.child().pid())) return;
    const auto ended = revoke_keys(aws);
    CHECK(agent.get_secret("memory/renewed").status == 200);
    for (const std::string& key : ended) CHECK(settled_copies(agent, key, 0) == 0);
    CHECK(settled_copies(agent, old_token.substr(100, 60), 0) == 0);
  }
}

TEST_CASE("of the shared files only the keys in use are kept") {
  standin::Standin aws;
  aws.put("memory/files", "memory-files-value");
  const std::string other_key = new_secret(40);
  const auto keys_file = [&](const std::string& id, const std::string& secret_key) {
    aws.with([&](standin::World& world) {
      world.keys.revoke_all();
      world.keys.add({id, secret_key, "", "arn:aws:iam::123456789012:user/file", std::nullopt});
    });
    return "[default]\naws_access_key_id = " + id + "\naws_secret_access_key = " + secret_key +
           "\n[other]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = " + other_key + "\n";
  };
  const std::string old_key = new_secret(40);
  const std::string new_key = new_secret(40);
  const TempFolder folder;
  AgentSettings settings;
  settings.environment = aws.environment();
  settings.environment["AWS_ACCESS_KEY_ID"] = "";
  settings.environment["AWS_SECRET_ACCESS_KEY"] = "";
  settings.environment["SMA_TTL_SECONDS"] = "0";
  settings.environment["AWS_SHARED_CREDENTIALS_FILE"] = folder.write("credentials", keys_file("AKIAOLD", old_key));
  AgentProcess agent(settings);
  CHECK(agent.get_secret("memory/files").status == 200);
  if (!can_read_memory_of(agent.child().pid())) return;
  CHECK(settled_copies(agent, other_key, 0) == 0);
  CHECK(settled_copies(agent, old_key, 1) == 1);
  folder.write("credentials", keys_file("AKIANEW", new_key));
  CHECK(agent.get_secret("memory/files").status == 200);
  CHECK(settled_copies(agent, old_key, 0) == 0);
  CHECK(settled_copies(agent, new_key, 1) == 1);
}

}  // namespace sma::integration
