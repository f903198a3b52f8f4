#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/process_memory.h"
#include "tests/integration/support/wait_until.h"
#include "tests/standin/encoding.h"
#include "tests/standin/listener.h"

namespace sma::integration {

namespace {

/// The agent as it is in a layer, beside an AWS with Lambda's API: a file in a folder called `extensions`.
class Layer {
 public:
  explicit Layer(Variables variables = {}) {
    const auto file = folder_.path() / "extensions" / "agent-under-test";
    std::filesystem::create_directory(file.parent_path());
    std::filesystem::copy_file(agent_binary(), file);
    settings.binary = file;
    settings.environment = aws.environment();
    settings.environment["AWS_LAMBDA_RUNTIME_API"] = "127.0.0.1:" + std::to_string(aws.port());
    settings.environment["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand";
    for (auto& [name, value] : variables) settings.environment[name] = std::move(value);
  }
  ~Layer() { aws.clear_faults(); }

  standin::Standin aws;
  AgentSettings settings;

 private:
  TempFolder folder_;
};

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Stops the process as Lambda does between invocations, and lets it go on.
void freeze_and_resume(pid_t pid) {
  kill(pid, SIGSTOP);
  const std::string stat = "/proc/" + std::to_string(pid) + "/stat";
  wait_until("the process is stopped", [&] { return holds(read_file(stat), ") T "); });
  kill(pid, SIGCONT);
}

bool is_refused(std::uint16_t port) {
  try {
    const HttpConnection probe(port);
  } catch (const std::runtime_error&) {
    return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a layer of one file registers under its name, serves, and ends with the environment") {
  // No proxy leads to Lambda's own API.
  Layer layer(Variables{{"http_proxy", "http://127.0.0.1:1"}});
  layer.aws.put("lambda/secret", "lambda-secret-value");
  AgentProcess agent(layer.settings);
  agent.wait_until_listening();
  layer.aws.wait_for("lambda:next", 1);
  CHECK(layer.aws.lambda().extension_name() == "agent-under-test");
  CHECK(layer.aws.lambda().registered_events() == std::vector<std::string>{"INVOKE", "SHUTDOWN"});
  layer.aws.lambda().invoke();
  CHECK(agent.get_secret("lambda/secret").status == 200);
  layer.aws.wait_for("lambda:next", 2);
  HttpConnection idle = agent.connect();
  idle.send(get_request("/ping"));
  CHECK(idle.read_answer().status == 200);
  layer.aws.lambda().shut_down();
  CHECK(idle.is_closed());
  CHECK(agent.child().wait() == 0);
  CHECK(layer.aws.count("lambda:exit-error") == 0);
}

TEST_CASE("as an extension it logs to standard output, whatever is configured for elsewhere") {
  Layer layer(Variables{{"SMA_LOG_TO_FILE", "true"}});
  AgentProcess agent(layer.settings);
  agent.wait_until_listening();
  layer.aws.wait_for("lambda:next", 1);
  CHECK(agent.stop() == 0);
  CHECK(agent.child().output().starts_with("Agent/"));
  CHECK(holds(agent.child().output(), "INFO registered as a Lambda extension"));
  CHECK_FALSE(std::filesystem::exists(agent.folder().path() / "logs"));
}

TEST_CASE("after a freeze the agent asks AWS on a new connection, also if nobody reports that it resumed") {
  AgentWithAws plain;
  plain.aws.put("lambda/resumed", "lambda-resumed-value");
  const auto connection = [&] {
    CHECK(plain.agent().get_secret("lambda/resumed", "&refreshNow=true").status == 200);
    return plain.aws.last("GetSecretValue").connection;
  };
  const auto first = connection();
  CHECK(connection() == first);
  freeze_and_resume(plain.agent().child().pid());
  CHECK(connection() != first);
}

TEST_CASE("an extension that was frozen takes the events that come then") {
  Layer layer;
  AgentProcess agent(layer.settings);
  agent.wait_until_listening();
  for (std::size_t event = 1; event <= 3; ++event) {
    layer.aws.wait_for("lambda:next", event);
    kill(agent.child().pid(), SIGSTOP);
    layer.aws.lambda().invoke();
    kill(agent.child().pid(), SIGCONT);
  }
  layer.aws.wait_for("lambda:next", 4);
  layer.aws.lambda().shut_down();
  CHECK(agent.child().wait() == 0);
}

TEST_CASE("with SnapStart there is no port, no call and no key in memory before the first invocation") {
  const std::string port = std::to_string(free_port());
  // The environment is a snapshot's anyway: what stands in memory as often as this is there, and nowhere else.
  const std::string control = standin::random_text(40);
  const std::string token = standin::random_text(40);
  Layer layer(Variables{{"AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start"},
                        {"SMA_HTTP_PORT", port},
                        {"AWS_TOKEN", ""},
                        {"AWS_CONTAINER_AUTHORIZATION_TOKEN", token},
                        {"UNUSED_VARIABLE", control}});
  layer.aws.put("lambda/snap", "lambda-snap-value");
  AgentProcess agent(layer.settings);
  layer.aws.wait_for("lambda:next", 1);
  CHECK(is_refused(static_cast<std::uint16_t>(std::stoi(port))));
  CHECK(layer.aws.records().size() == 2);
  if (const pid_t pid = agent.child().pid(); can_read_memory_of(pid)) {
    const std::size_t in_environment = copies_in_memory(pid, control);
    CHECK(in_environment > 0);
    CHECK(copies_in_memory(pid, token) == in_environment);
    CHECK(copies_in_memory(pid, layer.settings.environment["AWS_SECRET_ACCESS_KEY"]) == in_environment);
  }
  freeze_and_resume(agent.child().pid());
  layer.aws.lambda().invoke();
  agent.wait_until_listening();
  HttpConnection client = agent.connect();
  client.send("GET /v1/lambda/snap HTTP/1.1\r\nHost: localhost\r\nX-Vault-Token: " + token + "\r\n\r\n");
  CHECK(client.read_answer().status == 200);
  layer.aws.lambda().shut_down();
  CHECK(agent.child().wait() == 0);
}

TEST_CASE("a token file of SnapStart is not made or read before the first invocation") {
  const TempFolder folder;
  Layer layer(Variables{{"AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start"},
                        {"AWS_TOKEN", "file://" + (folder.path() / "token").string()}});
  layer.settings.arguments = {"--create-token"};
  AgentProcess agent(layer.settings);
  layer.aws.wait_for("lambda:next", 1);
  CHECK_FALSE(std::filesystem::exists(folder.path() / "token"));
  layer.aws.lambda().invoke();
  agent.wait_until_listening();
  CHECK(folder.read("token").size() == 64);
}

TEST_CASE("with SnapStart no file is written and no folder made before the first invocation") {
  const TempFolder folder;
  const std::filesystem::path file = folder.path() / "secrets" / "file";
  Layer layer(
      Variables{{"AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start"}, {"SMA_FILES", file.string() + "=lambda/file"}});
  layer.aws.put("lambda/file", "lambda-file-value");
  AgentProcess agent(layer.settings);
  layer.aws.wait_for("lambda:next", 1);
  CHECK_FALSE(std::filesystem::exists(file.parent_path()));
  CHECK(layer.aws.count("GetSecretValue") == 0);
  layer.aws.lambda().invoke();
  agent.wait_until_listening();
  wait_until("the file is written", [&] { return read_file(file) == "lambda-file-value"; });
}

TEST_CASE("a start that fails is told to Lambda and to standard error") {
  struct Row {
    Variables variables;
    const char* reason;
  };
  const standin::Listener taken("127.0.0.1:0");
  const Row rows[] = {{{{"AWS_TOKEN", ""}}, "AWS_TOKEN"},
                      {{{"SMA_HTTP_PORT", std::to_string(taken.port())}}, "cannot listen on 127.0.0.1:"},
                      {{{"AWS_SECRET_ACCESS_KEY", "not-the-key"}}, "SignatureDoesNotMatch"}};
  for (const Row& row : rows) {
    CAPTURE(row.reason);
    Layer layer(row.variables);
    const Outcome outcome = run_agent(layer.settings);
    CHECK(outcome.exit_code == 1);
    CHECK(holds(outcome.errors, row.reason));
    CHECK(layer.aws.lambda().reported_errors() == std::vector<std::string>{"init:Extension.StartFailed"});
  }
}

TEST_CASE("a registration that Lambda refuses ends the start") {
  Layer layer;
  layer.aws.fail(
      standin::FaultPlan::body(403, R"({"errorType":"Extension.InvalidExtensionName"})").on("lambda:register"));
  const Outcome outcome = run_agent(layer.settings);
  CHECK(outcome.exit_code == 1);
  CHECK(holds(outcome.errors, "\"agent-under-test\" with status 403: Extension.InvalidExtensionName"));
}

TEST_CASE("only what is started as an extension registers, and only where Lambda is") {
  Layer script;  // starts the file in /opt/bin, with Lambda's variables in its environment
  script.settings.binary.clear();
  AgentProcess by_script(script.settings);
  by_script.wait_until_listening();
  CHECK(by_script.get("/ping").status == 200);
  CHECK(by_script.stop() == 0);
  CHECK(script.aws.count("lambda:register") == 0);

  Layer elsewhere(Variables{{"AWS_LAMBDA_RUNTIME_API", " "}});
  AgentProcess without_lambda(elsewhere.settings);
  without_lambda.wait_until_listening();
  CHECK(without_lambda.stop() == 0);
  CHECK(holds(without_lambda.log(), "WARN no Lambda extension: AWS_LAMBDA_RUNTIME_API is not set"));

  Layer asked;
  asked.settings.binary.clear();
  asked.settings.arguments = {"--lambda"};
  AgentProcess by_option(asked.settings);
  by_option.wait_until_listening();
  asked.aws.wait_for("lambda:next", 1);
  CHECK(asked.aws.lambda().extension_name() == "secrets-manager-agent");
  CHECK(by_option.stop() == 0);
}

}  // namespace sma::integration
