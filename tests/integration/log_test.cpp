#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <regex>
#include <sstream>
#include <vector>

#include "base/file_descriptor.h"
#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/wait_until.h"

namespace sma::integration {

namespace {

bool has_archive(const AgentProcess& agent) {
  const auto archive = agent.folder().path() / "logs/archive";
  return std::filesystem::is_directory(archive) && !std::filesystem::is_empty(archive);
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// For an agent whose start line cannot be read.
void wait_until_healthy(AgentProcess& agent, std::uint16_t port) {
  AgentSettings probe;
  probe.environment["SMA_HTTP_PORT"] = std::to_string(port);
  probe.arguments = {"--health-check"};
  wait_until("the agent is healthy", [&] {
    if (!agent.child().is_running()) throw std::runtime_error("the agent ended: " + agent.all_output());
    return run_agent(probe).exit_code == 0;
  });
}

struct Outputs {
  const char* name;
  FileDescriptor agents_end;
  FileDescriptor unread_end{};
};

/// One of each kind of descriptor that a parent may give the agent; nobody reads any.
std::vector<Outputs> unread_outputs() {
  std::vector<Outputs> all;
  FileDescriptor master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(grantpt(master.get()) == 0);
  REQUIRE(unlockpt(master.get()) == 0);
  FileDescriptor terminal(open(ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  all.push_back({"a terminal", std::move(terminal), std::move(master)});
  std::array<int, 2> ends{};
  REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
  all.push_back({"a pipe", FileDescriptor(ends[1]), FileDescriptor(ends[0])});
  for (const int kind : {SOCK_STREAM, SOCK_DGRAM}) {
    REQUIRE(socketpair(AF_UNIX, kind | SOCK_CLOEXEC, 0, ends.data()) == 0);
    all.push_back({"a socket", FileDescriptor(ends[1]), FileDescriptor(ends[0])});
  }
  all.push_back({"a full device", FileDescriptor(open("/dev/full", O_WRONLY | O_CLOEXEC))});
  std::string path = "/tmp/outputs-XXXXXX";
  FileDescriptor file(mkostemp(path.data(), O_CLOEXEC));
  unlink(path.c_str());
  all.push_back({"a regular file", std::move(file)});
  return all;
}

void check_serving_with(const Outputs& outputs, const std::vector<std::string>& wrapper = {}) {
  REQUIRE(outputs.agents_end.valid());
  const std::uint16_t port = free_port();
  AgentWithAws scene;
  AgentSettings settings;
  settings.wrapper = wrapper;
  settings.both_outputs = outputs.agents_end.get();
  settings.environment = scene.aws.environment();
  settings.environment["SMA_HTTP_PORT"] = std::to_string(port);
  settings.environment["SMA_LOG_TO_FILE"] = "false";
  AgentProcess agent(settings);
  wait_until_healthy(agent, port);
  HttpConnection client(port);
  // More lines than any of them holds, and than the agent keeps.
  for (int i = 0; i < 5000; ++i) {
    client.send(get_request("/v1/log/unread?colour=red"));
    CHECK(client.read_answer().status == 400);
  }
  CHECK(agent.stop() == 0);
}

}  // namespace

TEST_CASE("the log file tells start, calls and rejections") {
  AgentWithAws scene;
  scene.aws.put("log/told", "log-told-value");
  CHECK(scene.agent().get_secret("log/told").status == 200);
  HttpConnection forwarded = scene.agent().connect();
  forwarded.send("GET /v1/a HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n");
  CHECK(forwarded.read_answer().status == 400);
  HttpConnection bad = scene.agent().connect();
  bad.send("GET /v1/a HTTP/1.1\r\nHost: localhost\r\nX-Vault-Token: guess-of-a-token\r\n\r\n");
  CHECK(bad.read_answer().status == 403);
  HttpConnection standard = scene.agent().connect();
  standard.send(get_request("/v1/log/told?query=hidden", "Forwarded: for=10.0.0.1\r\n"));
  CHECK(standard.read_answer().status == 400);
  CHECK(scene.stop() == 0);
  const std::string log = scene.agent().log();
  CHECK(log.find("listening on http://127.0.0.1:") != std::string::npos);
  CHECK(log.find("GetSecretValue") != std::string::npos);
  CHECK(log.find("log/told") != std::string::npos);
  const std::string forwarded_line = " ERROR Rejecting request with X-Forwarded-For header reason=";
  CHECK(log.find(forwarded_line + "x-forwarded-for method=GET path=/v1/a\n") != std::string::npos);
  CHECK(log.find(forwarded_line + "forwarded method=GET path=/v1/log/told\n") != std::string::npos);
  CHECK(log.find(" ERROR Rejecting request with incorrect SSRF token reason=wrong method=GET path=/v1/a\n") !=
        std::string::npos);
  CHECK(log.find("ERROR") != std::string::npos);
  CHECK(log.find("log-told-value") == std::string::npos);
  CHECK(log.find("guess-of-a-token") == std::string::npos);
}

TEST_CASE("text from clients is escaped: one event stays one line") {
  AgentWithAws scene;
  (void)scene.agent().get("/v1/log%0Aforged%20line%1b%5b31m%c2%9b");
  (void)scene.stop();
  const std::string log = scene.agent().log();
  CHECK(log.find("\nforged") == std::string::npos);
  CHECK(log.find('\x1b') == std::string::npos);
  CHECK(log.find("forged") != std::string::npos);
}

TEST_CASE("many rejections are counted, not all written") {
  AgentWithAws scene;
  for (int i = 0; i < 1000; ++i) {
    HttpConnection bad = scene.agent().connect();
    bad.send("GET /v1/a HTTP/1.1\r\nHost: localhost\r\nX-Vault-Token: guess\r\n\r\n");
    CHECK(bad.read_answer().status == 403);
  }
  (void)scene.stop();
  CHECK(count_of(scene.agent().log(), "Rejecting request with incorrect SSRF token") < 500);
}

TEST_CASE("NONE writes nothing, and standard output has the start line only") {
  AgentWithAws scene(Variables{{"SMA_LOG_LEVEL", "NONE"}, {"SMA_LOG_TO_FILE", "false"}});
  (void)scene.agent().get_secret("log/none");
  (void)scene.stop();
  CHECK(count_of(scene.agent().child().output(), "\n") == 1);
  CHECK(scene.agent().child().errors().empty());
}

TEST_CASE("log_to_file = false logs to standard output after the start line") {
  AgentWithAws scene(Variables{{"SMA_LOG_TO_FILE", "false"}});
  scene.aws.put("log/console", "log-console-value");
  CHECK(scene.agent().get_secret("log/console").status == 200);
  (void)scene.stop();
  const std::string output = scene.agent().child().output();
  CHECK(output.starts_with("Agent/"));
  CHECK(output.find("log/console") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(scene.agent().folder().path() / "logs"));
}

TEST_CASE("with log_format = json each line on standard output is an object, the start line the first") {
  AgentWithAws scene(Variables{{"SMA_LOG_TO_FILE", "false"}, {"SMA_LOG_FORMAT", "json"}});
  CHECK(scene.agent().get_secret("log/\"none\"").status == 400);
  (void)scene.stop();
  const std::string output = scene.agent().child().output();
  std::istringstream lines(output);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    CHECK(line.starts_with(R"({"timestamp":")"));
    CHECK(line.ends_with("}"));
    if (count == 0) CHECK(line.find(R"("message":"Agent/)") != std::string::npos);
  }
  CHECK(count > 3);
  CHECK(count_of(output, R"("message":"Agent/)") == 1);
  CHECK(output.find(R"("subject":"log/\"none\"","status":400,)") != std::string::npos);
}

TEST_CASE("a log folder that cannot be made is a warning, and standard error is the log") {
  AgentSettings settings;
  settings.wrapper = {"/bin/sh", "-c", "touch logs; exec \"$@\"", "-"};
  AgentWithAws scene({}, settings);
  scene.aws.put("log/readonly", "log-readonly-value");
  CHECK(scene.agent().get_secret("log/readonly").status == 200);
  CHECK(scene.stop() == 0);
  const std::string errors = scene.agent().child().errors();
  CHECK(errors.find("logs") != std::string::npos);
  CHECK(errors.find("log/readonly") != std::string::npos);
}

TEST_CASE("at ten megabytes a new file begins, and the old one is kept") {
  AgentWithAws scene;
  HttpConnection client = scene.agent().connect();
  const std::string filler(3000, 'f');
  // A request's line need not hold all of it: as many as it takes, within reason.
  for (int i = 0; i < 60'000 && !has_archive(scene.agent()); ++i) {
    client.send(get_request("/v1/" + filler + "?colour=red"));
    CHECK(client.read_answer().status == 400);
  }
  CHECK(has_archive(scene.agent()));
  CHECK(scene.stop() == 0);
  const auto size = std::filesystem::file_size(scene.agent().folder().path() / "logs/secrets_manager_agent.log");
  CHECK(size <= 10'000'000);
}

TEST_CASE("a standard output that nobody reads stops nothing") {
  AgentSettings settings;
  settings.read_output = false;
  AgentWithAws scene(Variables{{"SMA_LOG_TO_FILE", "false"}}, settings);
  scene.aws.put("log/unread", "log-unread-value");
  HttpConnection client = scene.agent().connect();
  for (int i = 0; i < 5000; ++i) {
    client.send(get_request("/v1/log/unread"));
    CHECK(client.read_answer().status == 200);
  }
  CHECK(scene.stop() == 0);
}

TEST_CASE("a full disk under the log stops nothing") {
  AgentSettings settings;
  settings.wrapper = {
      "unshare", "-m", "/bin/sh", "-c", "mkdir logs && mount -t tmpfs -o size=64k none logs && exec \"$@\"", "-"};
  if (!works_as_root({"unshare", "-m", "true"})) {
    MESSAGE("skipped: mounting needs root");
    return;
  }
  AgentWithAws scene({}, settings);
  scene.aws.put("log/full", "log-full-value");
  HttpConnection client = scene.agent().connect();
  for (int i = 0; i < 3000; ++i) {
    client.send(get_request("/v1/log/full"));
    CHECK(client.read_answer().status == 200);
  }
  CHECK(scene.stop() == 0);
}

TEST_CASE("standard output that takes no byte stops nothing") {
  AgentSettings settings;
  settings.output_file = "/dev/full";
  const std::uint16_t port = free_port();
  AgentWithAws scene;
  settings.environment = scene.aws.environment();
  settings.environment["SMA_HTTP_PORT"] = std::to_string(port);
  settings.environment["SMA_LOG_TO_FILE"] = "false";
  AgentProcess agent(settings);
  wait_until_healthy(agent, port);
  CHECK(agent.child().is_running());
  CHECK(agent.stop() == 0);
}

TEST_CASE("a pipe that is full from the start stops nothing") {
  const std::uint16_t port = free_port();
  const TempFolder folder;
  AgentSettings settings;
  // The shell holds both ends of the pipe, and fills it before the agent gets it.
  settings.wrapper = {
      "/bin/sh", "-c",
      "mkfifo full && exec 3<>full && dd if=/dev/zero of=full bs=65536 count=1 conv=notrunc 2>/dev/null && "
      "exec \"$@\" >&3",
      "-"};
  AgentWithAws scene;
  settings.environment = scene.aws.environment();
  settings.environment["SMA_HTTP_PORT"] = std::to_string(port);
  settings.environment["SMA_LOG_TO_FILE"] = "false";
  AgentProcess agent(settings);
  wait_until_healthy(agent, port);
  CHECK(agent.child().is_running());
  CHECK(agent.stop() == 0);
}

TEST_CASE("whatever standard output and error are, the agent serves, and stops on SIGTERM with 0") {
  for (const Outputs& outputs : unread_outputs()) {
    CAPTURE(outputs.name);
    check_serving_with(outputs);
  }
}

TEST_CASE("standard output and error of another user, which cannot be opened again, stop nothing") {
  const std::vector<std::string> as_nobody{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
  if (!works_as_root({"setpriv", "--reuid=65534", "true"})) {
    MESSAGE("skipped: changing the user needs root");
    return;
  }
  for (const Outputs& outputs : unread_outputs()) {
    CAPTURE(outputs.name);
    check_serving_with(outputs, as_nobody);
  }
}

TEST_CASE("a start that fails ends with 1 although nobody reads standard error") {
  for (const Outputs& outputs : unread_outputs()) {
    CAPTURE(outputs.name);
    const std::string line(1024, 'x');
    if (fcntl(outputs.agents_end.get(), F_SETFL, O_NONBLOCK) == 0)
      for (int i = 0; i < 1000 && write(outputs.agents_end.get(), line.data(), line.size()) > 0; ++i) continue;
    fcntl(outputs.agents_end.get(), F_SETFL, 0);
    AgentSettings settings;
    settings.both_outputs = outputs.agents_end.get();
    settings.environment = {{"AWS_TOKEN", ""}, {"SMA_LOG_TO_FILE", "false"}};
    AgentProcess agent(settings);
    CHECK(agent.child().wait() == 1);
  }
}

TEST_CASE("a limit of file sizes stops nothing") {
  AgentSettings settings;
  settings.wrapper = {"/bin/sh", "-c", "ulimit -f 8 && exec \"$@\"", "-"};  // 4 KiB
  AgentWithAws scene({}, settings);
  scene.aws.put("log/limited", "log-limited-value");
  HttpConnection client = scene.agent().connect();
  for (int i = 0; i < 500; ++i) {
    client.send(get_request("/v1/log/limited"));
    CHECK(client.read_answer().status == 200);
  }
  CHECK(scene.stop() == 0);
  CHECK(scene.agent().log().find("stopped") != std::string::npos);
}

TEST_CASE("as version 3 the log file has that version's name") {
  AgentSettings settings;
  settings.arguments = {"sm", "start"};
  AgentWithAws scene({}, settings);
  (void)scene.agent();
  CHECK(scene.stop() == 0);
  const auto logs = scene.agent().folder().path() / "logs";
  CHECK(read_file(logs / "secrets_manager_provider.log").find("Secrets Manager Provider/") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(logs / "secrets_manager_agent.log"));
}

TEST_CASE("a line has its time in UTC with milliseconds, its level and its fields") {
  AgentWithAws scene(Variables{{"SMA_LOG_LEVEL", "INFO"}, {"TZ", "Asia/Tokyo"}});
  scene.aws.put("log/form", "log-form-value");
  CHECK(scene.agent().get_secret("log/form").status == 200);
  CHECK(scene.stop() == 0);
  std::istringstream lines(scene.agent().log());
  const std::regex form(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG|INFO|WARN|ERROR) \S.*)");
  bool call_seen = false;
  bool summary_seen = false;
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    CHECK(std::regex_match(line, form));
    const auto has = [&](const char* part) { return line.find(part) != std::string::npos; };
    call_seen |= has("GetSecretValue") && has("log/form") && has("status=200") && has("attempts=1");
    summary_seen |= has("secret in use secret_id=log/form from_memory=0 from_aws=1 errors=0 joined=0 calls=1");
  }
  CHECK(call_seen);
  CHECK(summary_seen);
}

}  // namespace sma::integration
