#include <doctest/doctest.h>

#include <algorithm>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/process_memory.h"
#include "tests/standin/encoding.h"

// What the running agent leaves of the secrets in its environment, and what it hands on to a program that it runs.

namespace sma::integration {

namespace {

const std::string kUser = "arn:aws:iam::123456789012:user/";

std::string new_secret() { return standin::random_text(48); }

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string environment_of(AgentProcess& agent) {
  return read_file("/proc/" + std::to_string(agent.child().pid()) + "/environ");
}

/// An agent whose keys stand in its environment, as do two tokens that it needs and two proxies with passwords.
struct SecretsInEnvironment {
  Variables variables() const {
    return {{"AWS_ACCESS_KEY_ID", "ASIAENVIRONMENT00002"},
            {"AWS_SECRET_ACCESS_KEY", key},
            {"AWS_SESSION_TOKEN", session_token},
            {"AWS_TOKEN", token},
            {"OTHER_TOKEN", other_token},
            {"AWS_CONTAINER_AUTHORIZATION_TOKEN", container_token},
            {"SMA_SSRF_ENV_VARIABLES", "AWS_TOKEN,OTHER_TOKEN"},
            {"SMA_TTL_SECONDS", "0"},
            {"http_proxy", "http://user:" + proxy_password + "@proxy.invalid:1"},
            {"HTTPS_PROXY", "http://user:" + upper_proxy_password + "@proxy.invalid:1"},
            {"all_proxy", "http://user:" + any_proxy_password + "@proxy.invalid:1"}};
  }
  std::vector<std::string> all() const {
    return {key,
            session_token,
            token,
            other_token,
            container_token,
            proxy_password,
            upper_proxy_password,
            any_proxy_password};
  }

  std::string key = new_secret();
  std::string session_token = new_secret();
  std::string token = new_secret();
  std::string other_token = new_secret();
  std::string container_token = new_secret();
  std::string proxy_password = new_secret();
  std::string upper_proxy_password = new_secret();
  std::string any_proxy_password = new_secret();
};

std::size_t most_copies(AgentProcess& agent, const std::string& secret) {
  std::size_t copies = 0;
  // The last copies of a call go within a second of its answer.
  for (int i = 0; i < 50 && (copies = copies_in_memory(agent.child().pid(), secret)) > 1; ++i) continue;
  return copies;
}

}  // namespace

TEST_CASE("each secret of the environment is in the running agent's memory once at most") {
  const SecretsInEnvironment secrets;
  AgentWithAws scene(secrets.variables());
  scene.aws.put("environment/some", "environment-some-value");
  scene.aws.with([&](standin::World& world) {
    world.keys.add({"ASIAENVIRONMENT00002", secrets.key, secrets.session_token, kUser + "env", std::nullopt});
  });
  HttpConnection client = scene.agent().connect();
  for (int i = 0; i < 3; ++i) {
    client.send("GET /v1/environment%2Fsome HTTP/1.1\r\nHost: localhost\r\nX-Vault-Token: " + secrets.token +
                "\r\n\r\n");
    CHECK(client.read_answer().status == 200);
  }
  const pid_t pid = scene.agent().child().pid();
  if (!can_read_memory_of(pid)) return;
  for (const std::string& secret : secrets.all()) {
    CAPTURE(std::find(secrets.all().begin(), secrets.all().end(), secret) - secrets.all().begin());
    CHECK(most_copies(scene.agent(), secret) <= 1);
  }
}

TEST_CASE("a proxy's password is in memory once while a connection to the proxy is kept") {
  AgentWithAws scene;
  const std::string password = new_secret();
  // An address that reaches this machine, but through a proxy: the stand-in itself.
  std::string endpoint = scene.aws.url();
  const std::string port = endpoint.substr(endpoint.rfind(':') + 1);
  AgentSettings settings;
  settings.environment = scene.aws.environment();
  settings.environment["AWS_ENDPOINT_URL"] = "http://0.0.0.0:" + port;
  settings.environment["http_proxy"] = "http://user:" + password + "@127.0.0.1:" + port;
  settings.environment["SMA_VALIDATE_CREDENTIALS"] = "false";
  AgentProcess agent(settings);
  // The stand-in is no proxy and refuses the signature; the connection to it is kept all the same.
  CHECK(agent.get_secret("environment/proxy").status == 400);
  if (!can_read_memory_of(agent.child().pid())) return;
  CHECK(most_copies(agent, password) <= 1);
}

TEST_CASE("the running agent's environment, as the system shows it, holds no secret, and what is none still") {
  const SecretsInEnvironment secrets;
  AgentWithAws scene(secrets.variables());
  scene.aws.with([&](standin::World& world) {
    world.keys.add({"ASIAENVIRONMENT00002", secrets.key, secrets.session_token, kUser + "env", std::nullopt});
  });
  const std::string shown = environment_of(scene.agent());
  for (const std::string& secret : secrets.all()) CHECK_FALSE(holds(shown, secret));
  CHECK(holds(shown, "PATH=/usr/sbin"));
  CHECK(holds(shown, "SMA_TTL_SECONDS=0"));
}

TEST_CASE("a credential_process gets the agent's environment without the token that clients need") {
  const auto given = [](const Variables& variables) {
    const TempFolder home;
    AgentSettings settings;
    AgentWithAws scene(Variables{{"AWS_ACCESS_KEY_ID", ""}, {"AWS_SECRET_ACCESS_KEY", ""}, {"HOME", home.path()}});
    const std::string tool = home.write("tool", R"(#!/bin/sh
env > "$HOME/given"
printf '{"Version": 1, "AccessKeyId": "AKIAPROCESS000000001", "SecretAccessKey": "secret+key/of/a+process"}\n'
)");
    home.write(".aws/config", "[default]\ncredential_process = sh " + tool + "\n");
    settings.environment = scene.aws.environment();
    settings.environment["AWS_ACCESS_KEY_ID"] = "";
    settings.environment["AWS_SECRET_ACCESS_KEY"] = "";
    settings.environment["HOME"] = home.path();
    for (const auto& [name, value] : variables) settings.environment[name] = value;
    scene.aws.with([&](standin::World& world) {
      world.keys.add({"AKIAPROCESS000000001", "secret+key/of/a+process", "", kUser + "process", std::nullopt});
    });
    AgentProcess agent(settings);
    agent.wait_until_listening();
    CHECK(agent.logs("INFO credentials found source=\"profile default, credential_process\""));
    return "\n" + home.read("given");
  };
  const std::string plain = given({{"AWS_TOKEN", "the-token-of-clients"},
                                   {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "another-token"},
                                   {"HTTPS_PROXY", "http://user:password@proxy.invalid:1"},
                                   {"SOMETHING", "else = more"}});
  CHECK_FALSE(holds(plain, "AWS_TOKEN"));
  CHECK_FALSE(holds(plain, "the-token-of-clients"));
  CHECK(holds(plain, "\nAWS_CONTAINER_AUTHORIZATION_TOKEN=another-token\n"));
  CHECK(holds(plain, "\nHTTPS_PROXY=http://user:password@proxy.invalid:1\n"));
  CHECK(holds(plain, "\nSOMETHING=else = more\n"));
  CHECK(holds(plain, "\nPATH=/usr/sbin:"));

  CHECK(holds(given({{"AWS_TOKEN", ""}, {"AWS_SESSION_TOKEN", "a-session-token"}}),
              "\nAWS_SESSION_TOKEN=a-session-token\n"));
  CHECK(holds(given({{"AWS_TOKEN", ""}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "a-container-token"}}),
              "\nAWS_CONTAINER_AUTHORIZATION_TOKEN=a-container-token\n"));
}

}  // namespace sma::integration
