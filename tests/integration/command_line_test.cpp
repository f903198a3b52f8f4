#include <doctest/doctest.h>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/standin/listener.h"

namespace sma::integration {

namespace {

// Runs the agent under the name that AWS's third version has.
const std::vector<std::string> kUnderOtherName{
    "/bin/sh", "-c",
    R"(ln -s "$1" aws-workload-credentials-provider; shift; exec ./aws-workload-credentials-provider "$@")", "-"};

Outcome run_with(std::vector<std::string> arguments, const std::string& config = "",
                 std::vector<std::string> wrapper = {}) {
  AgentSettings settings;
  settings.arguments = std::move(arguments);
  settings.environment = {{"AWS_REGION", "eu-central-1"},
                          {"AWS_ACCESS_KEY_ID", "AKIACOMMANDLINE00000"},
                          {"AWS_SECRET_ACCESS_KEY", "command/line+key"}};
  settings.config = config;
  settings.wrapper = std::move(wrapper);
  return run_agent(settings);
}

}  // namespace

TEST_CASE("as version 3 the start line and the log file have that version's names") {
  AgentSettings by_command;
  by_command.arguments = {"sm", "start"};
  AgentSettings by_name;
  by_name.wrapper = kUnderOtherName;
  for (const AgentSettings& settings : {by_command, by_name}) {
    AgentWithAws scene({}, settings);
    const std::string port = std::to_string(scene.agent().port());
    const std::string output = scene.agent().child().output();
    const std::string line = output.substr(0, output.find('\n'));
    CHECK(line.starts_with("Secrets Manager Provider/"));
    CHECK(line.ends_with(" listening on http://127.0.0.1:" + port));
    CHECK(scene.agent().stop() == 0);
    CHECK(scene.agent().folder().read("logs/secrets_manager_provider.log").find(" INFO " + line) != std::string::npos);
    CHECK(scene.agent().log().empty());
  }
}

TEST_CASE("as version 3 the usual configuration file is read where no other is given") {
  if (!works_as_root({"unshare", "-m", "true"})) {
    MESSAGE("skipped: another /etc needs root");
    return;
  }
  // An /etc that is seen by this process alone.
  const std::string shell = R"(mount -t tmpfs none /etc && mkdir /etc/aws-workload-credentials-provider &&
    echo 'max_conn = 123' > /etc/aws-workload-credentials-provider/config.toml && exec "$@")";
  const std::vector<std::string> wrapper{"unshare", "-m", "/bin/sh", "-c", shell, "-"};
  CHECK(run_with({"sm", "start", "--check-config"}, "", wrapper).output.find("max_conn = 123\n") != std::string::npos);
  CHECK(run_with({"--check-config"}, "", wrapper).output.find("max_conn = 800\n") != std::string::npos);
  CHECK(run_with({"sm", "start", "--check-config"}, "max_conn = 5", wrapper).output.find("max_conn = 5\n") !=
        std::string::npos);
}

TEST_CASE("certificates are said to be not this agent's job, which is an error only where the file enables them") {
  const std::string enabled = "[capabilities.acm]\nenabled = true\n[[capabilities.acm.certificates]]\na = 1\n";
  const std::vector<std::vector<std::string>> commands{
      {"acm", "start"}, {"setup-config-based-permissions"}, {"setup-config-based-permissions", "--no-sudoers"}};
  for (const auto& command : commands) {
    for (const auto& [config, exit_code] : {std::pair<std::string, int>{"", 0},
                                            {"max_conn = 5\n", 0},
                                            {"[capabilities.acm]\nenabled = false\n", 0},
                                            {enabled, 1}}) {
      const Outcome outcome = run_with(command, config);
      CAPTURE(config);
      CHECK(outcome.exit_code == exit_code);
      CHECK(outcome.output.empty());
      CHECK(outcome.errors.find("not this agent's job") != std::string::npos);
    }
    CHECK(run_with(command, "max_conn = 0\n").exit_code == 1);
  }
}

TEST_CASE("why the agent cannot start is in its log as an ERROR, and on standard error") {
  const standin::Listener taken("127.0.0.1:0");
  for (const auto& [variables, said] :
       {std::pair<Variables, std::string>{{{"AWS_TOKEN", ""}}, "Could not read SSRF token variable(s) AWS_TOKEN"},
        {{{"SMA_HTTP_PORT", std::to_string(taken.port())}}, "127.0.0.1:" + std::to_string(taken.port())}}) {
    AgentSettings settings;
    settings.environment = variables;
    AgentProcess agent(settings);
    CHECK(agent.child().wait() == 1);
    CHECK(agent.child().errors().find(said) != std::string::npos);
    const std::string log = agent.log();
    CAPTURE(log);
    CHECK(log.find(" ERROR ") != std::string::npos);
    CHECK(log.find(said) != std::string::npos);
  }
}

TEST_CASE("the log tells the settings in force") {
  AgentWithAws scene(Variables{{"SMA_MAX_CONN", "77"}});
  CHECK(scene.agent().get("/ping").status == 200);
  CHECK(scene.agent().stop() == 0);
  const std::string log = scene.agent().log();
  CHECK(log.find(" INFO settings ") != std::string::npos);
  CHECK(log.find(" max_conn=77 ") != std::string::npos);
}

}  // namespace sma::integration
