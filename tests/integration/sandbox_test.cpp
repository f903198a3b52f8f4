#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/certificate.h"
#include "tests/integration/support/wait_until.h"

namespace sma::integration {

namespace {

namespace fs = std::filesystem;

/// `NoNewPrivs` and `Seccomp` of each thread, as `1 2` where it is bound.
std::vector<std::string> bounds_of_threads(pid_t pid) {
  std::vector<std::string> bounds;
  for (const auto& task : fs::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    const std::string status = read_file(task.path() / "status");
    const auto value = [&](const std::string& name) {
      const std::size_t place = status.find("\n" + name + ":");
      return place == std::string::npos ? "" : status.substr(status.find_first_of("012", place), 1);
    };
    if (!status.empty()) bounds.push_back(value("NoNewPrivs") + " " + value("Seccomp"));
  }
  return bounds;
}

bool is_bound(AgentProcess& agent) {
  agent.wait_until_listening();
  const auto bounds = bounds_of_threads(agent.child().pid());
  return std::all_of(bounds.begin(), bounds.end(), [](const std::string& bound) { return bound == "1 2"; });
}

std::size_t lines_with(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// Puts a file in another's place in one step, as tools do.
void replace(const fs::path& file, const std::string& content) {
  const fs::path beside = file.string() + ".new";
  std::ofstream(beside, std::ios::binary) << content;
  fs::rename(beside, file);
}

/// A name server that takes questions and never answers.
class DeafNameServer {
 public:
  explicit DeafNameServer(const char* address) : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(53);
    inet_pton(AF_INET, address, &place.sin_addr);
    usable_ = bind(fd_, reinterpret_cast<sockaddr*>(&place), sizeof place) == 0;
  }
  ~DeafNameServer() { close(fd_); }
  DeafNameServer(const DeafNameServer&) = delete;
  DeafNameServer& operator=(const DeafNameServer&) = delete;

  [[nodiscard]] bool usable() const { return usable_; }
  /// Waits for a question, a minute at most.
  [[nodiscard]] bool was_asked() const {
    pollfd question{fd_, POLLIN, 0};
    return poll(&question, 1, 60'000) == 1;
  }

 private:
  int fd_;
  bool usable_ = false;
};

Variables without_keys() { return {{"AWS_ACCESS_KEY_ID", ""}, {"AWS_SECRET_ACCESS_KEY", ""}}; }

}  // namespace

TEST_CASE("the agent runs in its sandbox unless it is switched off, and says so") {
  AgentWithAws bound(Variables{{"SMA_SANDBOX", "true"}});
  CHECK(is_bound(bound.agent()));
  CHECK(bound.agent().logs(" listening on "));
  CHECK(lines_with(bound.agent().log(), "the sandbox") == 0);

  AgentWithAws by_variable(Variables{{"SMA_SANDBOX", "false"}});
  CHECK_FALSE(is_bound(by_variable.agent()));
  CHECK(by_variable.agent().logs("sandbox = false"));

  AgentSettings settings;
  settings.config = "sandbox = false\n";
  AgentWithAws by_file({}, settings);
  CHECK_FALSE(is_bound(by_file.agent()));
  CHECK(by_file.agent().logs("sandbox = false"));
}

TEST_CASE("a credential_process in the active profile needs exec: no sandbox, and one line says so") {
  const TempFolder folder;
  Variables variables = without_keys();
  variables["AWS_CONFIG_FILE"] =
      folder.write("config", "[default]\ncredential_process = /bin/cat " + (folder.path() / "keys").string() + "\n");
  folder.write("keys", R"({"Version": 1, "AccessKeyId": "AKIASTANDINEXAMPLE00", )"
                       R"("SecretAccessKey": "standin/EXAMPLE+secret/access/key0000000"})");
  AgentWithAws scene(variables);
  scene.aws.put("sandbox/process", "sandbox-process-value");
  CHECK_FALSE(is_bound(scene.agent()));
  CHECK(scene.agent().get_secret("sandbox/process").status == 200);
  CHECK(scene.agent().logs("credential_process, which must be run"));
}

TEST_CASE("the resolver's threads are bound by the sandbox, and a new resolv.conf is read inside it") {
  const DeafNameServer first("127.53.17.1");
  const DeafNameServer second("127.53.17.2");
  if (!first.usable() || !works_as_root({"chroot", "/", "true"})) {
    MESSAGE("skipped: port 53 and chroot need root");
    return;
  }
  const TempFolder root;
  root.write("etc/nsswitch.conf", "hosts: files dns\n");
  root.write("etc/resolv.conf", "nameserver 127.53.17.1\noptions timeout:1 attempts:1\n");
  fs::copy_file(agent_binary(), root.path() / "agent");
  AgentSettings settings;
  settings.wrapper = {"/bin/sh", "-c", "exec chroot " + root.path().string() + " /agent"};
  settings.environment = standin::Standin().environment();
  settings.environment["AWS_ENDPOINT_URL"] = "http://somewhere.test:80";
  settings.environment["SMA_LOG_TO_FILE"] = "false";
  settings.environment["SMA_VALIDATE_CREDENTIALS"] = "false";
  AgentProcess agent(settings);

  const HttpConnection client = agent.connect();
  client.send(get_request("/v1/sandbox/first"));
  CHECK(first.was_asked());
  const auto bounds = bounds_of_threads(agent.child().pid());
  CHECK(bounds.size() >= 2);
  for (const std::string& bound : bounds) CHECK(bound == "1 2");

  replace(root.path() / "etc/resolv.conf", "nameserver 127.53.17.2\noptions timeout:1 attempts:1\n");
  // Nothing is answered, so a lookup ends after a second, and the next one begins.
  const HttpConnection other = agent.connect();
  other.send(get_request("/v1/sandbox/second"));
  CHECK(second.was_asked());
  CHECK(agent.get("/ping").status == 200);
  agent.child().signal(SIGTERM);
  agent.child().signal(SIGINT);
  (void)agent.child().wait();
}

TEST_CASE("a log folder that was removed and made again is told once at ERROR on standard error") {
  AgentWithAws scene(Variables{{"SMA_SANDBOX", "true"}});
  AgentProcess& agent = scene.agent();
  CHECK(agent.logs(" listening on "));
  const fs::path logs = agent.folder().path() / "logs";
  fs::rename(logs, agent.folder().path() / "old");
  fs::create_directory(logs);
  std::ofstream(logs / "probe") << "x";
  wait_until("the loss is told", [&] {
    CHECK(agent.get("/v1/").status == 400);
    return lines_with(agent.child().errors(), "ERROR the log's lines are lost") > 0;
  });
  CHECK(scene.stop() == 0);
  CHECK(lines_with(agent.child().errors(), "ERROR the log's lines are lost") == 1);
}

TEST_CASE("authorities, keys and the log can be replaced while the sandbox holds") {
  const Certificate wrong;
  const Certificate right;
  standin::StandinOptions options;
  options.tls_certificate = right.certificate_file();
  options.tls_key = right.key_file();
  standin::Standin aws(options);
  aws.put("sandbox/replaced", "sandbox-replaced-value");
  const TempFolder folder;
  const auto keys = [](const std::string& secret_key) {
    return "[default]\naws_access_key_id = AKIASTANDINEXAMPLE00\naws_secret_access_key = " + secret_key + "\n";
  };
  const fs::path bundle = folder.write("bundle.pem", read_file(wrong.certificate_file()));
  const fs::path key_file = folder.write("keys", keys("an old key that is wrong by now"));
  fs::permissions(key_file, fs::perms::owner_read);
  AgentSettings settings;
  settings.environment = aws.environment();
  for (const auto& [name, value] : without_keys()) settings.environment[name] = value;
  settings.environment["AWS_CA_BUNDLE"] = bundle;
  settings.environment["SMA_CREDENTIALS_FILE_PATH"] = key_file;
  settings.environment["SMA_SANDBOX"] = "true";
  AgentProcess agent(settings);
  CHECK(is_bound(agent));

  replace(bundle, read_file(right.certificate_file()));
  replace(key_file, keys("standin/EXAMPLE+secret/access/key0000000"));
  const fs::path log = agent.folder().path() / "logs/secrets_manager_agent.log";
  fs::rename(log, log.string() + ".1");
  // Followed at the next line that is written a second later at the earliest.
  wait_until("a new log file", [&] {
    CHECK(agent.get("/v1/").status == 400);
    return fs::exists(log);
  });
  CHECK(agent.get_secret("sandbox/replaced").status == 200);
  CHECK(agent.stop() == 0);
  CHECK(read_file(log).find("sandbox/replaced") != std::string::npos);
}

}  // namespace sma::integration
