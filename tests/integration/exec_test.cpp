#include <doctest/doctest.h>

#include <memory>

#include "tests/integration/support/agent_with_aws.h"

namespace sma::integration {

namespace {

using Words = std::vector<std::string>;

/// The binary as `exec`, beside an agent on a known port.
class ExecScene {
 public:
  ExecScene() : scene_(Variables{{"SMA_HTTP_PORT", port_}}) {}

  /// `words` follow `exec`; `variables` are added to its environment. `shell` runs "$@".
  [[nodiscard]] Outcome run(Words words, const Variables& variables = {}, const std::string& shell = "") const {
    AgentSettings settings;
    if (!shell.empty()) settings.wrapper = {"/bin/sh", "-c", shell, "-"};
    settings.environment = {{"SMA_HTTP_PORT", port_}, {"PATH", "/usr/bin:/bin"}};
    for (const auto& [name, value] : variables) settings.environment[name] = value;
    settings.arguments = std::move(words);
    settings.arguments.insert(settings.arguments.begin(), "exec");
    return run_agent(settings);
  }
  AgentWithAws& scene() { return scene_; }
  standin::Standin& aws() { return scene_.aws; }
  [[nodiscard]] const std::string& port() const { return port_; }

 private:
  std::string port_ = std::to_string(free_port());
  AgentWithAws scene_;
};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("exec replaces references in the environment, and the command sees the values") {
  ExecScene exec;
  exec.aws().put("exec/db", R"({"user":"exec-user","password":"exec-password"})");
  exec.aws().put("exec/text", "exec-text");
  (void)exec.scene().agent();
  const Outcome outcome =
      exec.run({"--env", "TEXT=exec/text", "--env-json", "exec/db", "--prefix", "DB_", "--", "/bin/sh", "-c",
                R"(echo "$URL $TEXT $DB_USER $DB_PASSWORD $PLAIN")"},
               {{"URL", "postgres://{{secret:exec/db:user}}:{{secret:exec/db:password}}@db"}, {"PLAIN", "{{x}}"}});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.errors.empty());
  CHECK(outcome.output == "postgres://exec-user:exec-password@db exec-text exec-user exec-password {{x}}\n");
  CHECK(exec.aws().count("GetSecretValue") == 2);
}

TEST_CASE("exec becomes the command: its process, its arguments, its exit code") {
  AgentSettings settings;
  settings.environment = {{"PATH", "/usr/bin:/bin"}};
  settings.arguments = {"exec", "sh", "-c", R"(echo "$$ $0 $*"; exit 7)", "--", "-v", "--env", "x"};
  AgentProcess process(settings);
  CHECK(process.child().wait() == 7);
  CHECK(process.child().output() == std::to_string(process.child().pid()) + " -- -v --env x\n");
}

TEST_CASE("exec asks nobody if the environment names no secret") {
  const ExecScene exec;  // no agent runs
  CHECK(exec.run({"true"}).exit_code == 0);
  CHECK(exec.run({"true"}, {{"SMA_HTTP_PORT", "0"}, {"AWS_TOKEN", ""}}).exit_code == 0);
}

TEST_CASE("limits, signals and descriptors of the command are those that exec was started with") {
  const ExecScene exec;
  const std::string shows =
      "grep -E '^(Sig[^Q]|Shd|NoNewPrivs|Seccomp|THP|CoreDumping)' /proc/self/status; grep -v 'pending signals' "
      "/proc/self/limits; "
      "for i in 0 1 2 3 4 5 6 7 8 9; do if [ -e /proc/$$/fd/$i ]; then echo open $i; fi; done";
  for (const char* before : {"", "ulimit -c 0;", "ulimit -S -c 0;", "ulimit -c unlimited;", "trap '' PIPE;",
                             "exec <&-;", "exec <&- 2>&-;", "trap '' TERM INT;"}) {
    INFO(std::string(before));
    const Outcome bare = exec.run({}, {}, std::string(before) + " " + shows);
    const Outcome through = exec.run({"--", "/bin/sh", "-c", shows}, {}, std::string(before) + R"( exec "$@")");
    CHECK(through.exit_code == 0);
    CHECK(contains(bare.output, "SigIgn"));
    CHECK(through.output == bare.output);
  }
}

TEST_CASE("if a reference fails the command does not run, and each failing one is named") {
  ExecScene exec;
  exec.aws().put("exec/json", R"({"k":"exec-value"})");
  exec.aws().put_binary("exec/binary", "exec-binary");
  (void)exec.scene().agent();
  const Outcome outcome =
      exec.run({"--env", "D=ssm:x", "--env", "E=exec/none", "--env-json", "exec/binary", "--", "echo", "ran"},
               {{"A", "{{secret:exec/json:k}}"},
                {"B", "{{secret:exec/json:missing}}"},
                {"C", "{{secret:exec/gone}} {{secret:exec/json"}});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.output.empty());
  CHECK(contains(outcome.errors, ": B: exec/json:missing: the secret has no field missing\n"));
  CHECK(contains(outcome.errors, ": C: a {{secret: in it is not closed by }}\n"));
  CHECK(contains(outcome.errors, ": C: exec/gone: 400 "));
  CHECK(contains(outcome.errors, ": D: the reference ssm:x: ssm: is reserved"));
  CHECK(contains(outcome.errors, ": E: exec/none: 400 "));
  CHECK(contains(outcome.errors, ": --env-json: exec/binary: the secret is binary"));
  CHECK_FALSE(contains(outcome.errors, ": A:"));
}

TEST_CASE("exec says what it lacks: the token, the agent, its port") {
  const ExecScene exec;
  const Words words = {"--wait", "0", "--env", "A=exec/x", "echo", "ran"};
  const Outcome no_agent = exec.run(words);
  CHECK(no_agent.exit_code == 1);
  CHECK(no_agent.output.empty());
  CHECK(contains(no_agent.errors, "A: exec/x: no agent answers on 127.0.0.1:" + exec.port()));
  CHECK(contains(exec.run(words, {{"AWS_TOKEN", ""}}).errors, "AWS_TOKEN"));
  CHECK(contains(exec.run(words, {{"SMA_HTTP_PORT", "0"}}).errors, "http_port is 0"));
  CHECK(exec.run(words, {{"SMA_HTTP_PORT", "0"}}).exit_code == 1);
}

TEST_CASE("a wrong token fails by name") {
  ExecScene exec;
  (void)exec.scene().agent();
  const Outcome outcome =
      exec.run({"--wait", "0", "--env", "A=exec/x", "echo", "ran"}, {{"AWS_TOKEN", "another-token"}});
  CHECK(outcome.exit_code == 1);
  CHECK(contains(outcome.errors, "A: exec/x: 403 "));
}

TEST_CASE("a command that is not there is 127, one that cannot be run is 126, a script without #! runs") {
  const ExecScene exec;
  const TempFolder folder;
  const Variables path = {{"PATH", folder.path().string()}};
  const std::string file = folder.write("file", "exit 9\n");
  CHECK(exec.run({"no-such-command"}).exit_code == 127);
  CHECK(contains(exec.run({"no-such-command"}).errors, "no-such-command: No such file or directory"));
  CHECK(exec.run({"/no/such/command"}).exit_code == 127);
  CHECK(exec.run({file + "/below"}).exit_code == 127);
  CHECK(exec.run({file}).exit_code == 126);
  CHECK(contains(exec.run({file}).errors, file + ": Permission denied"));
  CHECK(exec.run({"file"}, path).exit_code == 126);
  CHECK(exec.run({folder.path()}).exit_code == 126);
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  CHECK(exec.run({file}).exit_code == 9);
  CHECK(exec.run({"file"}, path).exit_code == 9);
}

TEST_CASE("the command is looked for in the PATH that it gets") {
  ExecScene exec;
  const TempFolder folder;
  std::filesystem::permissions(folder.write("exec-only-here", "#!/bin/sh\necho found\n"),
                               std::filesystem::perms::owner_all);
  exec.aws().put("exec/path", folder.path().string());
  (void)exec.scene().agent();
  CHECK(exec.run({"--env", "PATH=exec/path", "exec-only-here"}).output == "found\n");
}

TEST_CASE("a variable that is too large, and an environment that is too large, are refused by name") {
  ExecScene exec;
  exec.aws().put("exec/large", std::string(60'000, 'x'));
  (void)exec.scene().agent();
  const std::string reference = "{{secret:exec/large}}";
  const Outcome one = exec.run({"echo", "ran"}, {{"LARGE", reference + reference + reference}});
  CHECK(one.exit_code == 1);
  CHECK(one.output.empty());
  CHECK(contains(one.errors, "LARGE: it has 180006 bytes with its name, and Linux takes 131071"));
  const Variables many = {{"A", reference}, {"B", reference}, {"LONGEST", reference}};
  const Outcome all = exec.run({"echo", "ran"}, many, R"(ulimit -s 256; exec "$@")");
  CHECK(all.exit_code == 1);
  CHECK(all.output.empty());
  CHECK(contains(all.errors, "the largest variable is LONGEST with 60008 bytes"));
  CHECK(exec.run({"echo", "ran"}, many).output == "ran\n");
}

TEST_CASE("--clean leaves out the agent's own variables and nothing that the application's SDK needs") {
  const ExecScene exec;
  const Variables variables = {
      {"AWS_REGION", "eu-central-1"}, {"AWS_SESSION_TOKEN", "exec-session"}, {"SMA_REGION", "eu-central-1"}};
  const std::string clean = exec.run({"--clean", "env"}, variables).output;
  CHECK_FALSE(contains("\n" + clean, "\nSMA_"));
  CHECK_FALSE(contains("\n" + clean, "\nAWS_TOKEN="));
  CHECK(contains(clean, "AWS_REGION=eu-central-1\n"));
  CHECK(contains(clean, "AWS_SESSION_TOKEN=exec-session\n"));
  const std::string all = exec.run({"env"}, variables).output;
  CHECK(contains(all, "SMA_REGION=eu-central-1\n"));
  CHECK(contains(all, "AWS_TOKEN="));
  CHECK(contains(exec.run({"--clean", "env"}, {{"AWS_TOKEN", "file:///some/file"}}).output,
                 "AWS_TOKEN=file:///some/file\n"));
}

TEST_CASE("exec asks for all secrets side by side") {
  ExecScene exec;
  auto gate = std::make_shared<standin::Gate>();
  exec.aws().fail(standin::FaultPlan::held(gate).on("GetSecretValue").times(3));
  for (const char* name : {"exec/1", "exec/2", "exec/3"}) exec.aws().put(name, "v");
  (void)exec.scene().agent();
  AgentSettings settings;
  settings.environment = {{"SMA_HTTP_PORT", exec.port()}, {"PATH", "/usr/bin:/bin"}};
  settings.arguments = {"exec",  "--env",    "A=exec/1", "--env", "B=exec/2",
                        "--env", "C=exec/3", "sh",       "-c",    "echo $A$B$C"};
  AgentProcess process(settings);
  gate->wait_for(3);
  gate->open();
  CHECK(process.child().wait() == 0);
  CHECK(process.child().output() == "vvv\n");
}

TEST_CASE("exec waits for token file and agent") {
  const TempFolder folder;
  const std::string token = "file://" + (folder.path() / "token").string();
  const std::string port = std::to_string(free_port());
  AgentSettings waiting;
  waiting.environment = {
      {"SMA_HTTP_PORT", port}, {"AWS_TOKEN", token}, {"PATH", "/usr/bin:/bin"}, {"A", "{{secret:exec/awaited}}"}};
  waiting.arguments = {"exec", "--wait", "60", "sh", "-c", "echo $A"};
  AgentProcess client(waiting);
  AgentSettings settings;
  settings.arguments = {"--create-token"};
  AgentWithAws scene(Variables{{"SMA_HTTP_PORT", port}, {"AWS_TOKEN", token}}, settings);
  scene.aws.put("exec/awaited", "awaited");
  (void)scene.agent();
  CHECK(client.child().wait() == 0);
  CHECK(client.child().output() == "awaited\n");
}

TEST_CASE("as process 1, exec ends by SIGTERM while it waits") {
  if (!works_as_root({"/usr/bin/unshare", "--pid", "--fork", "/bin/true"})) return;
  const ExecScene exec;
  // The kernel passes a signal to process 1 only once that has a handler.
  const Outcome outcome =
      exec.run({"--wait", "60", "--env", "A=exec/x", "true"}, {},
               R"(exec unshare --pid --fork sh -c '(while :; do kill -TERM 1; done) & exec "$0" "$@"' "$@")");
  CHECK(outcome.exit_code == 143);
}

}  // namespace sma::integration
