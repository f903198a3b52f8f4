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

}  // namespace sma::integration
