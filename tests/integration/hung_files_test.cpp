#include <doctest/doctest.h>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/certificate.h"
#include "tests/integration/support/hung_folder.h"

// Files on a file system that answers nothing any more. The loop never waits for one.

namespace sma::integration {

namespace {

bool can_hang() {
  static const bool possible = HungFolder::is_possible();
  if (!possible) MESSAGE("skipped: no FUSE file system can be mounted here");
  return possible;
}

/// Whether the agent answers what needs no file, and ends when it is told to.
void check_is_alive(AgentProcess& agent, const std::string& cached) {
  CHECK(agent.get("/ping").status == 200);
  CHECK(agent.get_secret(cached).status == 200);
  CHECK(agent.stop() == 0);
}

}  // namespace

TEST_CASE("while a file of credentials hangs, a call that needs it gets a fault that names it, and all else goes on") {
  if (!can_hang()) return;
  const HungFolder folder;
  standin::Standin aws;
  aws.put("hung/a", "hung-a-value");
  for (const char* variable : {"AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"}) {
    CAPTURE(variable);
    AgentSettings settings;
    settings.environment = aws.environment();
    settings.environment["SMA_VALIDATE_CREDENTIALS"] = "false";
    settings.environment["AWS_ACCESS_KEY_ID"] = "";
    settings.environment["AWS_SECRET_ACCESS_KEY"] = "";
    settings.environment["AWS_SESSION_TOKEN"] = "";
    settings.environment[variable] = folder.write("shared", "[default]\n");
    AgentProcess agent(settings);
    agent.wait_until_listening();
    folder.hang();
    HttpConnection waiting = agent.connect();
    REQUIRE(waiting.send(get_request("/secretsmanager/get?secretId=hung/a")));
    CHECK(agent.get("/ping").status == 200);
    CHECK_FALSE(waiting.has_input());
    const Answer answer = waiting.read_answer();
    CHECK(answer.status == 504);
    CHECK(answer.body.find(folder.path("shared").string() + ": the file system did not answer in time") !=
          std::string::npos);
    CHECK(agent.get("/ping").status == 200);
    CHECK(agent.stop() == 0);
    folder.recover();
  }
}

TEST_CASE("while credentials_file_path hangs, the keys that were read from it stay in use") {
  if (!can_hang()) return;
  const HungFolder folder;
  AgentWithAws scene;
  const Variables keys = scene.aws.environment();
  AgentSettings settings;
  settings.environment = keys;
  settings.environment["SMA_CREDENTIALS_FILE_PATH"] =
      folder.write("credentials", "[default]\naws_access_key_id = " + keys.at("AWS_ACCESS_KEY_ID") +
                                      "\naws_secret_access_key = " + keys.at("AWS_SECRET_ACCESS_KEY") + "\n");
  scene.aws.put("hung/b", "hung-b-value");
  AgentProcess agent(settings);
  CHECK(agent.get_secret("hung/b").status == 200);
  folder.hang();
  CHECK(agent.get_secret("hung/b", "&refreshNow=true").status == 200);
  check_is_alive(agent, "hung/b");
}

TEST_CASE("while the token's file hangs, the token that was read from it counts, and wrong ones are refused") {
  if (!can_hang()) return;
  const HungFolder folder;
  AgentWithAws scene(Variables{{"AWS_TOKEN", "file://" + folder.write("token", kToken).string()}});
  scene.aws.put("hung/c", "hung-c-value");
  AgentProcess& agent = scene.agent();
  CHECK(agent.get_secret("hung/c").status == 200);
  folder.hang();
  for (int i = 0; i < 3; ++i) {
    HttpConnection wrong = agent.connect();
    REQUIRE(
        wrong.send("GET /secretsmanager/get?secretId=hung/c HTTP/1.1\r\nHost: localhost\r\n"
                   "X-Aws-Parameters-Secrets-Token: wrong-token-0123456789\r\n\r\n"));
    CHECK(agent.get_secret("hung/c").status == 200);
    CHECK(wrong.read_answer().status == 403);
  }
  check_is_alive(agent, "hung/c");
}

TEST_CASE("while the bundle of authorities hangs, the one that was read before is in use") {
  if (!can_hang()) return;
  const HungFolder folder;
  const Certificate certificate;
  standin::StandinOptions options;
  options.tls_certificate = certificate.certificate_file();
  options.tls_key = certificate.key_file();
  standin::Standin aws(options);
  aws.put("hung/d", "hung-d-value");
  AgentSettings settings;
  settings.environment = aws.environment();
  settings.environment["AWS_CA_BUNDLE"] = folder.write("ca.pem", read_file(certificate.certificate_file()));
  AgentProcess agent(settings);
  CHECK(agent.get_secret("hung/d").status == 200);
  folder.hang();
  for (int i = 0; i < 2; ++i) {
    aws.drop_connections();
    CHECK(agent.get_secret("hung/d", "&refreshNow=true").status == 200);
  }
  check_is_alive(agent, "hung/d");
}

TEST_CASE("an agent all of whose files hang answers, and ends when it is told to") {
  if (!can_hang()) return;
  const HungFolder folder;
  const Certificate certificate;
  standin::StandinOptions options;
  options.tls_certificate = certificate.certificate_file();
  options.tls_key = certificate.key_file();
  standin::Standin aws(options);
  aws.put("hung/e", "hung-e-value");
  const Variables keys = aws.environment();
  AgentSettings settings;
  settings.environment = keys;
  settings.environment["AWS_CA_BUNDLE"] = folder.write("ca.pem", read_file(certificate.certificate_file()));
  settings.environment["AWS_TOKEN"] = "file://" + folder.write("token", kToken).string();
  settings.environment["SMA_CREDENTIALS_FILE_PATH"] =
      folder.write("credentials", "[default]\naws_access_key_id = " + keys.at("AWS_ACCESS_KEY_ID") +
                                      "\naws_secret_access_key = " + keys.at("AWS_SECRET_ACCESS_KEY") + "\n");
  AgentProcess agent(settings);
  CHECK(agent.get_secret("hung/e").status == 200);
  folder.hang();
  aws.drop_connections();
  CHECK(agent.get_secret("hung/e", "&refreshNow=true").status == 200);
  check_is_alive(agent, "hung/e");
}

}  // namespace sma::integration
