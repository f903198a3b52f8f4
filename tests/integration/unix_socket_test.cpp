#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "tests/integration/support/agent_with_aws.h"

// The agent on a Unix socket, beside TCP and alone, and the program as a client of it.

namespace sma::integration {

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string request(const std::string& target, const std::string& more_fields = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: agent\r\n" + more_fields + "\r\n";
}

/// An agent on a socket in a folder of its own, with the settings that are given.
class SocketScene {
 public:
  explicit SocketScene(Variables variables = {}, AgentSettings settings = {})
      : scene_(with_socket(std::move(variables), path), std::move(settings)) {}

  AgentProcess& agent() { return scene_.agent(); }
  standin::Standin& aws() { return scene_.aws; }

  [[nodiscard]] Answer ask(const std::string& target, const std::string& more_fields = "") const {
    HttpConnection connection{std::filesystem::path(path)};
    connection.send(request(target, more_fields));
    return connection.read_answer();
  }
  /// The program as a client that knows the socket and no token.
  [[nodiscard]] Outcome run(std::vector<std::string> arguments, Variables variables = {}) const {
    AgentSettings settings;
    settings.environment = with_socket(std::move(variables), path);
    settings.environment["AWS_TOKEN"] = "";
    settings.arguments = std::move(arguments);
    return run_agent(settings);
  }
  static Variables with_socket(Variables variables, const std::string& path) {
    variables["SMA_UNIX_SOCKET"] = path;
    return variables;
  }

  TempFolder folder;
  std::string path = folder.path() / "agent.sock";

 private:
  AgentWithAws scene_;
};

bool is_root() {
  if (geteuid() == 0) return true;
  MESSAGE("skipped: needs root");
  return false;
}

}  // namespace

TEST_CASE("the socket serves beside TCP, without a token, and a token that is sent must be right") {
  SocketScene scene;
  scene.aws().put("socket/both", "socket-both-value");
  CHECK(scene.agent().get_secret("socket/both").status == 200);
  CHECK(member(scene.ask("/v1/socket/both").body, "SecretString") == "socket-both-value");
  CHECK(scene.ask("/v1/socket/both", std::string("X-Vault-Token: ") + kToken + "\r\n").status == 200);
  CHECK(scene.ask("/v1/socket/both", "X-Vault-Token: wrong\r\n").status == 403);
  CHECK(scene.ask("/v1/socket/both", "X-Forwarded-For: 10.0.0.1\r\n").status == 400);
  CHECK(scene.ask("/v1/socket/both", "Forwarded: for=10.0.0.1\r\n").status == 400);
  CHECK(contains(scene.ask("/status").body, R"("unix:)" + scene.path + R"("])"));
  HttpConnection without_token(scene.agent().port());
  without_token.send(request("/v1/socket/both"));
  CHECK(without_token.read_answer().status == 403);
  CHECK(scene.agent().logs("the agent also listens on unix:" + scene.path));
  CHECK(scene.agent().stop() == 0);
  CHECK(std::filesystem::is_empty(scene.folder.path()));
}

TEST_CASE("if no token is configured, TCP is not opened, and the start line names the socket") {
  const TempFolder folder;
  const std::string path = folder.path() / "agent.sock";
  const std::uint16_t port = free_port();
  standin::Standin aws;
  aws.put("socket/alone", "socket-alone-value");
  AgentSettings settings;
  settings.environment = SocketScene::with_socket(aws.environment(), path);
  settings.environment["AWS_TOKEN"] = "";
  settings.environment["SMA_HTTP_PORT"] = std::to_string(port);
  AgentProcess agent(settings);
  REQUIRE(agent.child().wait_for_line(" listening on unix:" + path));
  for (const char* fields : {"", "X-Vault-Token: any\r\n"}) {
    HttpConnection connection{std::filesystem::path(path)};
    connection.send(request("/v1/socket/alone", fields));
    CHECK(connection.read_answer().status == 200);
  }
  CHECK_THROWS(HttpConnection(port));
  CHECK(agent.logs("no SSRF token is configured: TCP is not opened"));
}

TEST_CASE("a token's variable whose file is missing ends the start, although there is a socket") {
  AgentSettings settings;
  const TempFolder folder;
  settings.environment = {{"SMA_UNIX_SOCKET", folder.path() / "agent.sock"}, {"AWS_TOKEN", "file:///no/such/token"}};
  const Outcome outcome = run_agent(settings);
  CHECK(outcome.exit_code == 1);
  CHECK(contains(outcome.errors, "Could not read SSRF token variable(s)"));
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("max_conn is one limit over TCP and the socket") {
  SocketScene scene(Variables{{"SMA_MAX_CONN", "2"}});
  scene.aws().put("socket/limit", "socket-limit-value");
  HttpConnection tcp(scene.agent().port());
  HttpConnection local{std::filesystem::path(scene.path)};
  for (HttpConnection* connection : {&tcp, &local}) {
    connection->send(request("/ping"));
    CHECK(connection->read_answer().status == 200);
  }
  CHECK(scene.ask("/v1/socket/limit").status == 429);
}

TEST_CASE("a live agent keeps its socket, and that of a dead one is replaced") {
  SocketScene scene;
  (void)scene.agent().port();
  AgentSettings settings;
  settings.environment = scene.with_socket({}, scene.path);
  const Outcome second = run_agent(settings);
  CHECK(second.exit_code == 1);
  CHECK(contains(second.errors,
                 "cannot listen on unix:" + scene.path + ": another agent, or another program, listens there"));
  CHECK(scene.ask("/ping").status == 200);
  scene.agent().child().signal(SIGKILL);
  scene.agent().child().wait();
  CHECK_THROWS(HttpConnection(std::filesystem::path(scene.path)));

  AgentWithAws next(scene.with_socket({}, scene.path));
  (void)next.agent().port();
  CHECK(scene.ask("/ping").status == 200);
}

TEST_CASE("at the end a file that is not the agent's own stays") {
  SocketScene scene;
  (void)scene.agent().port();
  std::filesystem::remove(scene.path);
  std::ofstream(scene.path) << "another's";
  CHECK(scene.agent().stop() == 0);
  CHECK(read_file(scene.path) == "another's");
}

TEST_CASE("the socket has mode 0660 and the group of --token-group") {
  if (!is_root()) return;
  AgentSettings settings;
  settings.arguments = {"--token-group", "4321"};
  SocketScene scene({}, settings);
  (void)scene.agent().port();
  struct stat status {};
  REQUIRE(stat(scene.path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0660);
  CHECK(status.st_gid == 4321);
}

TEST_CASE("get, exec, status and the health check ask the agent over the socket") {
  SocketScene scene;
  scene.aws().put("socket/client", "socket-client-value");
  (void)scene.agent().port();
  CHECK(scene.run({"--health-check"}).exit_code == 0);
  CHECK(scene.run({"get", "socket/client"}).output == "socket-client-value");
  CHECK(scene.run({"exec", "--env", "SECRET=socket/client", "printenv", "SECRET"}).output == "socket-client-value\n");
  CHECK(contains(scene.run({"status"}).output, "socket/client"));
  CHECK(contains(scene.run({"status"}).output, "unix:" + scene.path));
  CHECK(scene.agent().stop() == 0);
  CHECK(contains(scene.run({"--health-check"}).errors,
                 "no agent answers on unix:" + scene.path + ": No such file or directory"));
}

TEST_CASE("a client trusts the agent's user if it is told to") {
  if (!is_root() || !works_as_root({"setpriv", "--reuid=12345", "true"})) return;
  AgentSettings settings;
  settings.wrapper = {"setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"};
  SocketScene scene(Variables{{"SMA_LOG_TO_FILE", "false"}}, settings);
  REQUIRE(chown(scene.folder.path().c_str(), 0, 12345) == 0);
  REQUIRE(chmod(scene.folder.path().c_str(), 0770) == 0);
  (void)scene.agent().port();
  for (const char* command : {"--health-check", "status"}) {
    const Outcome outcome = scene.run({command});
    CHECK(outcome.exit_code == 1);
    CHECK(contains(outcome.errors, "user 12345 listens there, who may not be the agent's"));
    CHECK(scene.run({command, "--agent-user", "12345"}).exit_code == 0);
  }
}

}  // namespace sma::integration
