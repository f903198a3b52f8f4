#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/integration/support/agent_with_aws.h"

namespace sma::integration {

namespace {

/// The binary as its own client of an agent on a known port.
class ClientScene {
 public:
  ClientScene() : scene_(Variables{{"SMA_HTTP_PORT", port_}}) {}

  [[nodiscard]] Outcome run(std::vector<std::string> arguments, const Variables& variables = {},
                            const std::string& shell = "") const {
    AgentSettings settings;
    if (!shell.empty()) settings.wrapper = {"/bin/sh", "-c", shell, "-"};
    settings.environment = {{"SMA_HTTP_PORT", port_}};
    for (const auto& [name, value] : variables) settings.environment[name] = value;
    settings.arguments = std::move(arguments);
    return run_agent(settings);
  }
  AgentWithAws& scene() { return scene_; }
  standin::Standin& aws() { return scene_.aws; }

 private:
  std::string port_ = std::to_string(free_port());
  AgentWithAws scene_;
};

}  // namespace

TEST_CASE("get prints the secret's bytes as they are") {
  ClientScene client;
  client.aws().put("client/text", "client-text é\nvalue");
  std::string bytes = "client-binary";
  bytes += std::string("\0\xff\n", 3);
  client.aws().put_binary("client/binary", bytes);
  (void)client.scene().agent();
  const Outcome text = client.run({"get", "client/text"});
  CHECK(text.exit_code == 0);
  CHECK(text.output == "client-text é\nvalue");
  CHECK(client.run({"get", "client/binary"}).output == bytes);
}

TEST_CASE("get prints one field, or the whole answer") {
  ClientScene client;
  client.aws().put("client/json", R"({"user":"client-user","password":"client-\u00e9-password","port":5432})");
  (void)client.scene().agent();
  CHECK(client.run({"get", "client/json", "--field", "password"}).output == "client-é-password");
  CHECK(client.run({"get", "client/json", "--field", "port"}).output == "5432");
  const Outcome missing = client.run({"get", "client/json", "--field", "colour"});
  CHECK(missing.exit_code == 1);
  CHECK(missing.output.empty());
  CHECK(missing.errors.find("colour") != std::string::npos);
  CHECK(member(client.run({"get", "client/json", "--json"}).output, "Name") == "client/json");
}

TEST_CASE("get prints U+FFFD for a lone surrogate, with a warning, and --json prints the answer as it is") {
  ClientScene client;
  client.aws().fail(
      standin::FaultPlan::body(
          200,
          R"({"ARN":"arn:aws:secretsmanager:us-east-1:123456789012:secret:client/lone-abcdef","Name":"client/lone",)"
          R"("VersionId":"00000000-0000-0000-0000-000000000001","VersionStages":["AWSCURRENT"],"CreatedDate":1,)"
          R"("SecretString":"client-\ud800-lone"})")
          .on("GetSecretValue"));
  client.aws().put("client/fields", R"({"k":"client-field","other":"\ud800"})");
  (void)client.scene().agent();
  const Outcome whole = client.run({"get", "client/lone"});
  CHECK(whole.exit_code == 0);
  CHECK(whole.output == "client-\xEF\xBF\xBD-lone");
  CHECK(whole.errors.find("warning: ") != std::string::npos);
  CHECK(client.run({"get", "client/lone", "--json"}).output.find(R"("client-\ud800-lone")") != std::string::npos);
  const Outcome field = client.run({"get", "client/fields", "--field", "k"});
  CHECK(field.exit_code == 0);
  CHECK(field.output == "client-field");
  CHECK(field.errors.empty());
}

TEST_CASE("get says so and exits 1 where nobody takes what it prints") {
  ClientScene client;
  client.aws().put("client/unread", "client-unread-value");
  (void)client.scene().agent();
  for (const char* shell :
       {R"(exec "$@" > /dev/full)", R"(exec "$@" >&-)",
        // A pipe whose reader has gone for certain.
        R"(mkfifo gone; { read -r line < gone; "$@"; echo "exit $?" >&2; } | { exec <&-; echo > gone; }; exit 1)"}) {
    INFO(std::string(shell));
    const Outcome outcome = client.run({"get", "client/unread"}, {{"PATH", "/usr/bin:/bin"}}, shell);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.errors.find("standard output cannot be written") != std::string::npos);
    CHECK(outcome.errors.find("exit 141") == std::string::npos);
  }
}

TEST_CASE("on a terminal the secret ends with a line end, which is not added to one that has it") {
  ClientScene client;
  client.aws().put("client/word", "client-terminal-word");
  client.aws().put("client/line", "client-terminal-line\n");
  (void)client.scene().agent();
  for (const auto& [id, shown] : {std::pair<std::string, std::string>{"client/word", "client-terminal-word\r\n"},
                                  {"client/line", "client-terminal-line\r\n"}}) {
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    REQUIRE(terminal >= 0);
    REQUIRE(grantpt(terminal) == 0);
    REQUIRE(unlockpt(terminal) == 0);
    const int kept_open = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK(client.run({"get", id}, {}, "exec \"$@\" > " + std::string(ptsname(terminal))).exit_code == 0);
    char text[100];
    const ssize_t size = read(terminal, text, sizeof text);
    CHECK(std::string(text, size > 0 ? static_cast<std::size_t>(size) : 0) == shown);
    close(kept_open);
    close(terminal);
  }
}

TEST_CASE("get --wait tries again what may change: a wrong token, too many clients, faults of the agent and of AWS") {
  ClientScene client;
  client.aws().put("client/late", "client-late-value");
  (void)client.scene().agent();
  for (const int status : {500, 503}) {
    client.aws().fail(standin::FaultPlan::error(status, "InternalServiceError").on("GetSecretValue").times(3));
    const Outcome outcome = client.run({"get", "client/late", "--wait", "60", "--refresh"});
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.output == "client-late-value");
  }
  const Outcome refused = client.run({"get", "client/none", "--wait", "60"});
  CHECK(refused.exit_code == 1);
  CHECK(refused.errors.find("ResourceNotFoundException") != std::string::npos);
  CHECK(client.run({"get", "client/late", "--wait", "1"}, {{"AWS_TOKEN", "another-token-of-some-length"}})
            .errors.find("403 Bad Token") != std::string::npos);
}

TEST_CASE("get says from where a refused token came, and warns once of one that is short or looks like a path") {
  ClientScene client;
  (void)client.scene().agent();
  const TempFolder folder;
  const std::string file = folder.write("token", "a-refused-token-of-some-length");
  CHECK(client.run({"get", "client/any"}, {{"AWS_TOKEN", "file://" + file}}).errors ==
        "secrets-manager-agent: 403 Bad Token (the token came from " + file + " (AWS_TOKEN))\n");
  CHECK(
      client.run({"get", "client/any", "--wait", "1"}, {{"AWS_TOKEN", "/short"}}).errors ==
      "secrets-manager-agent: warning: the SSRF token in AWS_TOKEN has fewer than 16 characters: it is easy to guess\n"
      "secrets-manager-agent: warning: the SSRF token in AWS_TOKEN begins with a slash: if it is the path of a file, "
      "write file:///PATH\n"
      "secrets-manager-agent: 403 Bad Token (the token came from AWS_TOKEN)\n");
  CHECK(client.run({"exec", "--wait", "0", "--env", "A=client/any", "--", "true"}, {{"AWS_TOKEN", "file://" + file}})
            .errors.find("403 Bad Token (the token came from " + file) != std::string::npos);
}

TEST_CASE("get never connects to itself if the agent's port is one of the range of local ports") {
  if (!works_as_root({"unshare", "-n", "true"})) {
    MESSAGE("skipped: a network of its own needs root");
    return;
  }
  const std::string shell = R"(ip link set lo up && echo '40000 40001' > /proc/sys/net/ipv4/ip_local_port_range &&
    for i in 1 2 3 4; do "$@" && exit 0; done; exec "$@")";
  AgentSettings settings;
  settings.wrapper = {"unshare", "-n", "/bin/sh", "-c", shell, "-"};
  settings.environment = {{"SMA_HTTP_PORT", "40000"}, {"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}};
  settings.arguments = {"get", "client/none"};
  const Outcome outcome = run_agent(settings);
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.errors.find("no agent answers on 127.0.0.1:40000: Connection refused") != std::string::npos);
  CHECK(outcome.errors.find("did not come") == std::string::npos);
}

TEST_CASE("get asks for versions, stages and a refresh") {
  ClientScene client;
  const std::string first = client.aws().put("client/versions", "client-first-value");
  client.aws().put("client/versions", "client-second-value");
  (void)client.scene().agent();
  CHECK(client.run({"get", "client/versions"}).output == "client-second-value");
  CHECK(client.run({"get", "client/versions", "--version-stage", "AWSPREVIOUS"}).output == "client-first-value");
  CHECK(client.run({"get", "client/versions", "--version-id", first}).output == "client-first-value");
  client.aws().rotate("client/versions");
  CHECK(client.run({"get", "client/versions"}).output == "client-second-value");
  CHECK(client.run({"get", "client/versions", "--refresh"}).output == "client-second-value#1");
}

TEST_CASE("get takes a reference to a field of a version") {
  ClientScene client;
  const std::string first = client.aws().put("client/reference", R"({"user":{"name":"client-first-name"}})");
  client.aws().put("client/reference", R"({"user":{"name":"client-second-name"}})");
  (void)client.scene().agent();
  CHECK(client.run({"get", "client/reference:user.name"}).output == "client-second-name");
  CHECK(client.run({"get", "client/reference:user.name:AWSPREVIOUS"}).output == "client-first-name");
  CHECK(client.run({"get", "client/reference:user.name::" + first}).output == "client-first-name");
  const std::string arn = member(client.run({"get", "client/reference", "--json"}).output, "ARN");
  CHECK(client.run({"get", arn + ":user.name:AWSPREVIOUS:"}).output == "client-first-name");
  const Outcome missing = client.run({"get", "client/reference:user.password"});
  CHECK(missing.exit_code == 1);
  CHECK(missing.errors.find("the object user has no key password") != std::string::npos);
}

TEST_CASE("get gives the agent's error on standard error and exits 1") {
  ClientScene client;
  (void)client.scene().agent();
  const Outcome outcome = client.run({"get", "client/none"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.output.empty());
  CHECK(outcome.errors.find("ResourceNotFoundException") != std::string::npos);
  CHECK(client.run({"get", "client/none"}, {{"AWS_TOKEN", "another-token"}}).errors.find("Bad Token") !=
        std::string::npos);
}

TEST_CASE("get and the health check fail where no agent is, and where its port is unknown") {
  const ClientScene client;
  CHECK(client.run({"--health-check"}).exit_code == 1);
  const Outcome outcome = client.run({"get", "client/none"});
  CHECK(outcome.exit_code == 1);
  CHECK_FALSE(outcome.errors.empty());
  CHECK(client.run({"get", "client/none"}, {{"SMA_HTTP_PORT", "0"}}).errors.find("http_port") != std::string::npos);
  CHECK(client.run({"--health-check"}, {{"SMA_HTTP_PORT", "0"}}).exit_code == 1);
}

TEST_CASE("the health check needs no token and no AWS") {
  ClientScene client;
  (void)client.scene().agent();
  client.aws().stop();
  CHECK(client.run({"--health-check"}, {{"AWS_TOKEN", ""}}).exit_code == 0);
}

TEST_CASE("the health check with --ready says if the agent is ready, and fails where path_prefix takes the path") {
  ClientScene client;
  (void)client.scene().agent();
  CHECK(client.run({"--health-check", "--ready"}, {{"AWS_TOKEN", ""}}).exit_code == 0);
  const Outcome taken = client.run({"--health-check", "--ready"}, {{"SMA_PATH_PREFIX", "/"}});
  CHECK(taken.exit_code == 1);
  CHECK(taken.errors.find("takes the path /ready") != std::string::npos);
}

TEST_CASE("the health check with --ready fails until prefetch has tried each secret") {
  const std::string port = std::to_string(free_port());
  AgentWithAws scene(Variables{{"SMA_HTTP_PORT", port}, {"SMA_PREFETCH_SECRETS", "client/ready"}});
  const auto gate = scene.aws.hold("BatchGetSecretValue");
  (void)scene.agent();
  AgentSettings question;
  question.environment = {{"SMA_HTTP_PORT", port}};
  question.arguments = {"--health-check", "--ready"};
  const Outcome early = run_agent(question);
  CHECK(early.exit_code == 1);
  CHECK(early.errors.find("the agent is not ready yet") != std::string::npos);
  question.arguments = {"--health-check"};
  CHECK(run_agent(question).exit_code == 0);
  gate->open();
}

TEST_CASE("get --wait waits for token file and agent") {
  const TempFolder folder;
  const std::string token = "file://" + (folder.path() / "token").string();
  const std::string port = std::to_string(free_port());
  AgentSettings waiting;
  waiting.environment = {{"SMA_HTTP_PORT", port}, {"AWS_TOKEN", token}, {"PATH", "/usr/bin:/bin"}};
  waiting.arguments = {"get", "client/awaited", "--wait", "60"};
  AgentProcess client(waiting);
  AgentSettings settings;
  settings.arguments = {"--create-token"};
  AgentWithAws scene(Variables{{"SMA_HTTP_PORT", port}, {"AWS_TOKEN", token}}, settings);
  scene.aws.put("client/awaited", "awaited");
  (void)scene.agent();
  CHECK(client.child().wait() == 0);
  CHECK(client.child().output() == "awaited");
}

TEST_CASE("secret ids with any character reach AWS as they are") {
  ClientScene client;
  (void)client.scene().agent();
  for (const char* id : {"client/a+b=c.d@e-f", "client/with space", "client/100%", "client/a&b=c?d#e", "client/é"}) {
    INFO(std::string(id));
    (void)client.run({"get", id});
    CHECK(client.aws().last("GetSecretValue").secret_id == id);
  }
}

TEST_CASE("status shows what goes on in the agent, also while AWS hangs, and never a value") {
  ClientScene client;
  client.aws().put("client/shown", "client-never-shown-value");
  (void)client.scene().agent();
  CHECK(client.run({"get", "client/shown"}).exit_code == 0);
  const auto gate = client.aws().hold("GetSecretValue");
  HttpConnection waiting = client.scene().agent().connect();
  waiting.send(get_request("/v1/client/shown?refreshNow=true"));
  gate->wait_for(1);
  for (int i = 0; i < 2; ++i) {
    const Outcome json = client.run({"status", "--json"});
    CHECK(json.exit_code == 0);
    CHECK(json.output.starts_with("{\"version\":1,"));
    CHECK(json.output.find(R"("id":"client/shown","role_arn":null)") != std::string::npos);
    CHECK(json.output.find(R"("uses":1,"last_error":null)") != std::string::npos);
    CHECK(json.output.find("never-shown") == std::string::npos);
    CHECK(json.output.find(R"("anonymous_bytes":0)") == std::string::npos);
  }
  const Outcome table = client.run({"status"});
  CHECK(table.exit_code == 0);
  CHECK(table.output.find("client/shown ") != std::string::npos);
  CHECK(table.output.find("credentials      environment\n") != std::string::npos);
  gate->open();
  CHECK(waiting.read_answer().status == 200);
}

TEST_CASE("status exits 1 if no agent answers, if the token is wrong, and if path_prefix takes its path") {
  ClientScene client;
  CHECK(client.run({"status"}).errors.find("no agent answers") != std::string::npos);
  CHECK(client.run({"status", "--watch"}).exit_code == 1);
  const Outcome taken = client.run({"status"}, {{"SMA_PATH_PREFIX", "/"}});
  CHECK(taken.exit_code == 1);
  CHECK(taken.errors.find("path_prefix = \"/\" takes the path /status") != std::string::npos);
  (void)client.scene().agent();
  const Outcome refused = client.run({"status"}, {{"AWS_TOKEN", "another-token-of-some-length"}});
  CHECK(refused.exit_code == 1);
  CHECK(refused.errors.find("403 Bad Token") != std::string::npos);
}

TEST_CASE("an agent whose path_prefix takes the path /status says so at its start, and serves a secret there") {
  AgentWithAws scene(Variables{{"SMA_PATH_PREFIX", "/"}});
  scene.aws.put("status", "client-secret-called-status");
  CHECK(scene.agent().get("/status").body.find("client-secret-called-status") != std::string::npos);
  scene.stop();
  CHECK(scene.agent().log().find("/status is not served, because path_prefix takes its path") != std::string::npos);
}

}  // namespace sma::integration
