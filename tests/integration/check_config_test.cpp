#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/integration/support/agent_with_aws.h"

namespace sma::integration {

namespace {

/// `--check-config` in the surroundings that the tests' agents have, but for what a test changes.
struct CheckScene {
  [[nodiscard]] Outcome check(const Variables& variables = {}, std::vector<std::string> more = {}) const {
    AgentSettings settings;
    settings.environment = aws.environment();
    for (const auto& [name, value] : variables) settings.environment[name] = value;
    settings.arguments = {"--check-config"};
    settings.arguments.insert(settings.arguments.end(), more.begin(), more.end());
    settings.config = config;
    return run_agent(settings);
  }
  /// The start would end with this: so does the check, with the same words.
  void refuses(const Variables& variables, const std::string& reason) const {
    CAPTURE(reason);
    const Outcome outcome = check(variables);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.output.empty());
    CHECK(outcome.errors.find(reason) != std::string::npos);
    AgentSettings settings;
    settings.environment = aws.environment();
    for (const auto& [name, value] : variables) settings.environment[name] = value;
    settings.config = config;
    const Outcome start = run_agent(settings);
    CHECK(start.exit_code == 1);
    CHECK(start.errors.find(reason) != std::string::npos);
  }
  void warns(const Variables& variables, const std::string& warning) const {
    CAPTURE(warning);
    const Outcome outcome = check(variables);
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.errors.starts_with("warning: "));
    CHECK(outcome.errors.find(warning) != std::string::npos);
  }

  standin::Standin aws;
  std::string config{};
};

}  // namespace

TEST_CASE("--check-config refuses what ends the start, in the same words, and asks nobody") {
  const CheckScene scene;
  scene.refuses({{"https_proxy", "ftp://proxy"}}, "https_proxy");
  scene.refuses({{"AWS_ENDPOINT_URL", "nowhere"}}, "AWS_ENDPOINT_URL");
  scene.refuses({{"AWS_REGION", "us east"}}, R"(the region "us east" of AWS_REGION is not valid)");
  scene.refuses({{"AWS_CA_BUNDLE", "/nowhere.pem"}}, "/nowhere.pem");
  scene.refuses({{"AWS_TOKEN", ""}}, "Could not read SSRF token variable(s) AWS_TOKEN");
  scene.refuses({{"AWS_TOKEN", "file:/run/token"}}, "write file:///run/token");
  scene.refuses({{"AWS_TOKEN", "file:///dev/null"}}, "/dev/null is empty");
  scene.refuses({{"AWS_SECRET_ACCESS_KEY", ""}}, "AWS_ACCESS_KEY_ID is set, but not AWS_SECRET_ACCESS_KEY");
  scene.refuses({{"AWS_ACCESS_KEY_ID", ""}, {"AWS_SECRET_ACCESS_KEY", ""}, {"AWS_PROFILE", "nobody"}}, "nobody");
  scene.refuses({{"AWS_ACCESS_KEY_ID", ""}, {"AWS_SECRET_ACCESS_KEY", ""}, {"AWS_EC2_METADATA_DISABLED", "true"}},
                "no credentials were found");
  scene.refuses({{"AWS_REGION", ""}, {"AWS_EC2_METADATA_DISABLED", "true"}}, "no region");
  CHECK(scene.aws.records().empty());
}

TEST_CASE("--check-config names every fault at once") {
  const CheckScene scene;
  const Outcome outcome = scene.check({{"AWS_TOKEN", ""}, {"https_proxy", "ftp://proxy"}});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.errors.find("AWS_TOKEN") != std::string::npos);
  CHECK(outcome.errors.find("https_proxy") != std::string::npos);
}

TEST_CASE("--check-config warns of what the start does with a limitation, and of what may come until then") {
  CheckScene scene;
  scene.warns({{"AWS_TOKEN", "file:///nowhere/token"}}, "the file of the SSRF token is not there yet");
  scene.warns({{"AWS_TOKEN", "short"}}, "fewer than 16 characters");
  scene.warns({{"AWS_REGION", ""}, {"AWS_EC2_METADATA_DISABLED", ""}},
              "no region is set: the agent asks instance metadata for it");
  scene.warns({{"AWS_REGION", "eu-central"}, {"AWS_ENDPOINT_URL", ""}},
              "no partition of AWS has regions of this form: is it misspelt? region=eu-central");
  scene.warns({{"no_proxy", "a b"}}, "no_proxy");
  scene.warns({{"AWS_MAX_ATTEMPTS", "many"}}, "AWS_MAX_ATTEMPTS");
  scene.warns({{"SMA_CREDENTIALS_FILE_PATH", "/nowhere/keys"}}, "/nowhere/keys");
  scene.config = "[capabilities.secrets_manager]\nenabled = false\n";
  scene.warns({}, "enabled = false");
  CHECK(scene.aws.records().empty());
}

TEST_CASE("with --create-token --check-config wants a file's name, and makes no file") {
  const CheckScene scene;
  const TempFolder folder;
  const std::string token = folder.path() / "token";
  CHECK(scene.check({}, {"--create-token"}).errors.find("must be file://PATH") != std::string::npos);
  const Outcome outcome = scene.check({{"AWS_TOKEN", "file://" + token}}, {"--create-token"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.errors.empty());
  CHECK(access(token.c_str(), F_OK) != 0);
}

TEST_CASE("--check-config says that the token's file or the socket cannot be made where it is wanted") {
  const CheckScene scene;
  const auto refuses = [&](const Variables& variables, const std::vector<std::string>& options,
                           const std::string& reason) {
    CAPTURE(reason);
    const Outcome outcome = scene.check(variables, options);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.errors.find(reason) != std::string::npos);
  };
  refuses({{"AWS_TOKEN", "file:///nowhere/token"}}, {"--create-token"},
          "cannot make /nowhere/token: /nowhere/ does not exist");
  refuses({{"SMA_UNIX_SOCKET", "/nowhere/folder/agent.sock"}}, {},
          "cannot listen on unix:/nowhere/folder/agent.sock: /nowhere/ does not exist");
  refuses({}, {"--token-group", "5"}, "--token-group needs --create-token, unix_socket or files");
}

TEST_CASE("a port that is taken is no fault of the configuration: the agent may be running") {
  AgentWithAws running;
  const CheckScene scene;
  CHECK(scene.check({{"SMA_HTTP_PORT", std::to_string(running.agent().port())}}).exit_code == 0);
}

TEST_CASE("--check-config --online says who the agent is and which prefetched secrets it may read") {
  CheckScene scene;
  scene.aws.put("check/one", "check-one-value");
  const Variables variables{{"SMA_PREFETCH_SECRETS", "check/one"}};
  const Outcome allowed = scene.check(variables, {"--online"});
  CHECK(allowed.exit_code == 0);
  CHECK(allowed.output.find("[capabilities.secrets_manager]") != std::string::npos);
  CHECK(allowed.output.find("STS says: arn:aws:") != std::string::npos);
  CHECK(allowed.output.find("check/one  yes   yes\n") != std::string::npos);
  CHECK((allowed.output + allowed.errors).find("check-one-value") == std::string::npos);

  const Outcome refused = scene.check({{"SMA_PREFETCH_SECRETS", "check/one,check/none"}}, {"--online"});
  CHECK(refused.exit_code == 1);
  CHECK(refused.output.find("check/one   yes   yes\n") != std::string::npos);
  CHECK(refused.output.find("check/none  no    no        BatchGetSecretValue: ResourceNotFoundException") !=
        std::string::npos);
}

TEST_CASE("--check-config --online without valid credentials says why, and exits 1") {
  const CheckScene scene;
  const Outcome outcome = scene.check(
      {{"AWS_SECRET_ACCESS_KEY", "not-the-right-secret-key"}, {"SMA_PREFETCH_SECRETS", "check/one"}}, {"--online"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.errors.find("sts:GetCallerIdentity refused the credentials (from: environment)") != std::string::npos);
  const Outcome without = scene.check({{"SMA_HTTP_PORT", "1"}}, {"--online"});
  CHECK(without.exit_code == 1);
  CHECK(without.output.empty());
}

}  // namespace sma::integration
