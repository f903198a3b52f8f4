#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/secret_registry.h"

namespace sma::integration {

namespace {

Answer ask_with(AgentProcess& agent, const std::string& token) {
  HttpConnection connection = agent.connect();
  connection.send("GET /v1/token/any HTTP/1.1\r\nHost: localhost\r\nX-Aws-Parameters-Secrets-Token: " + token +
                  "\r\n\r\n");
  return connection.read_answer();
}

std::string trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.pop_back();
  return text;
}

}  // namespace

TEST_CASE("a token in a file is read and trimmed") {
  const TempFolder folder;
  const std::string file = folder.write("token", " \tfile-token-0123456789 \n");
  AgentWithAws scene(Variables{{"AWS_TOKEN", "file://" + file}});
  SecretRegistry::of_this_run().add("file-token-0123456789");
  scene.aws.put("token/any", "token-any-value");
  CHECK(ask_with(scene.agent(), "file-token-0123456789").status == 200);
  CHECK(ask_with(scene.agent(), "file://" + file).status == 403);
}

TEST_CASE("the first variable that is set gives the token") {
  AgentWithAws scene(Variables{{"AWS_TOKEN", "  "}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token-01234"}});
  scene.aws.put("token/any", "token-any-value");
  CHECK(ask_with(scene.agent(), "container-token-01234").status == 200);
}

TEST_CASE("a token file that is missing or empty ends the start and names the variable") {
  const TempFolder folder;
  const standin::Standin aws;
  for (const std::string& file : {folder.write("empty", " \n").string(), (folder.path() / "missing").string()}) {
    AgentSettings settings;
    settings.environment = aws.environment();
    settings.environment["AWS_TOKEN"] = "file://" + file;
    const Outcome outcome = run_agent(settings);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.errors.find("AWS_TOKEN") != std::string::npos);
  }
}

TEST_CASE("a path that is no file:// ends the start of the agent and of get, with the right form") {
  const TempFolder folder;
  const std::string file = folder.write("token", "file-token-0123456789");
  const standin::Standin aws;
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{}, {"--create-token"}, {"get", "token/any"}}) {
    AgentSettings settings;
    settings.environment = aws.environment();
    settings.environment["AWS_TOKEN"] = file;
    settings.environment["SMA_HTTP_PORT"] = "2773";
    settings.arguments = arguments;
    const Outcome outcome = run_agent(settings);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.errors.find("write file://" + file) != std::string::npos);
  }
}

TEST_CASE("--create-token without a token file ends the start and does not show the value") {
  const standin::Standin aws;
  AgentSettings settings;
  settings.environment = aws.environment();
  settings.arguments = {"--create-token"};
  const Outcome outcome = run_agent(settings);
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.errors.find("with --create-token AWS_TOKEN must be file://PATH") != std::string::npos);
}

TEST_CASE("--create-token writes a random token for owner and group before it listens") {
  const TempFolder folder;
  const std::string file = folder.path() / "token";
  AgentSettings settings;
  settings.arguments = {"--create-token"};
  std::string first;
  for (int round = 0; round < 2; ++round) {
    AgentWithAws scene(Variables{{"AWS_TOKEN", "file://" + file}}, settings);
    scene.aws.put("token/any", "token-any-value");
    (void)scene.agent();
    const std::string token = trimmed(read_file(file));
    SecretRegistry::of_this_run().add(token);
    CHECK(token.size() >= 43);
    struct stat status {};
    REQUIRE(stat(file.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0640);
    CHECK(ask_with(scene.agent(), token).status == 200);
    CHECK(ask_with(scene.agent(), "guess").status == 403);
    // A file that is there is the token of others too: it stays.
    if (round == 0) first = token;
    CHECK(token == first);
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
  }
}

}  // namespace sma::integration
