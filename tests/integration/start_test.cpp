#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/standin/listener.h"

namespace sma::integration {

namespace {

AgentSettings settings_for(const standin::Standin& aws, const Variables& variables = {}) {
  AgentSettings settings;
  settings.environment = aws.environment();
  for (const auto& [name, value] : variables) settings.environment[name] = value;
  return settings;
}

void check_refused(const AgentSettings& settings, const std::string& said) {
  CAPTURE(said);
  const Outcome outcome = run_agent(settings);
  CAPTURE(outcome.errors);
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.errors.find(said) != std::string::npos);
  CHECK(outcome.output.find("listening") == std::string::npos);
}

/// IP_TTL of each of the process's sockets on that port; none where its descriptors may not be taken.
std::vector<int> times_to_live(pid_t pid, std::uint16_t port) {
  std::vector<int> lives;
  const int handle = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
    const int number = std::stoi(entry.path().filename());
    const int fd = static_cast<int>(syscall(SYS_pidfd_getfd, handle, number, 0));
    if (fd < 0) continue;
    sockaddr_in name{};
    socklen_t size = sizeof name;
    int live = 0;
    socklen_t live_size = sizeof live;
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) == 0 && name.sin_family == AF_INET &&
        ntohs(name.sin_port) == port && getsockopt(fd, IPPROTO_IP, IP_TTL, &live, &live_size) == 0) {
      lives.push_back(live);
    }
    close(fd);
  }
  close(handle);
  return lives;
}

/// A datagram socket as a service manager has it.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& path) : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    if (path.front() == '@') {
      address.sun_path[0] = '\0';  // an abstract name has no end but its size
    } else {
      ++size;
    }
    const timeval patience{60, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    REQUIRE(bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  }
  ~NotifySocket() { close(fd_); }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  [[nodiscard]] std::string next() const {
    std::array<char, 512> message{};
    const ssize_t count = recv(fd_, message.data(), message.size(), 0);
    return count > 0 ? std::string(message.data(), static_cast<std::size_t>(count)) : "";
  }

 private:
  int fd_;
};

}  // namespace

TEST_CASE("the first line on standard output names version and port") {
  AgentWithAws scene;
  const std::uint16_t port = scene.agent().port();
  const std::string output = scene.agent().child().output();
  const std::string line = output.substr(0, output.find('\n'));
  CHECK(line.starts_with("Agent/"));
  CHECK(line.ends_with(" listening on http://127.0.0.1:" + std::to_string(port)));
  CHECK(scene.aws.count("GetCallerIdentity") == 1);
}

TEST_CASE("it listens on the loopback address only") {
  AgentWithAws scene;
  const std::uint16_t port = scene.agent().port();
  std::array<char, 8> digits{};
  std::snprintf(digits.data(), digits.size(), ":%04X", static_cast<unsigned>(port));
  const std::string sockets = read_file("/proc/net/tcp");
  CHECK(sockets.find("0100007F" + std::string(digits.data()) + " 00000000:0000 0A") != std::string::npos);
  CHECK(sockets.find("00000000" + std::string(digits.data()) + " 00000000:0000 0A") == std::string::npos);
}

TEST_CASE("what it sends cannot leave the machine: listening and accepted sockets have TTL 1") {
  AgentWithAws scene;
  const HttpConnection client = scene.agent().connect();
  CHECK(scene.agent().get("/ping").status == 200);
  const auto lives = times_to_live(scene.agent().child().pid(), scene.agent().port());
  if (lives.empty()) {
    MESSAGE("skipped: taking another process's descriptors needs root");
    return;
  }
  CHECK(lives.size() >= 2);
  for (const int live : lives) CHECK(live == 1);
}

TEST_CASE("a port that is taken is an error that names it") {
  const standin::Standin aws;
  const standin::Listener taken("127.0.0.1:0");
  const std::string port = std::to_string(taken.port());
  check_refused(settings_for(aws, {{"SMA_HTTP_PORT", port}}), port);
  CHECK(aws.count("GetCallerIdentity") == 0);
}

TEST_CASE("the configuration file is read, in both forms, and the environment wins") {
  AgentSettings flat;
  flat.config = "http_port = 0\nregion = \"eu-central-1\"\nTTL_Seconds = \"0\"\npath_prefix = \"/other/\"\n";
  AgentSettings nested;
  nested.config =
      "[capabilities.secrets_manager]\nregion = \"eu-central-1\"\npath_prefix = \"/other/\"\n"
      "[capabilities.secrets_manager.cache]\nttl_seconds = 0 # none\n[capabilities.acm]\nenabled = true\n";
  for (const AgentSettings& settings : {flat, nested}) {
    AgentWithAws scene(Variables{{"AWS_REGION", ""}, {"SMA_PATH_PREFIX", "/mine/"}}, settings);
    scene.aws.put("start/configured", "start-configured-value");
    for (int i = 0; i < 2; ++i) CHECK(scene.agent().get("/mine/start/configured").status == 200);
    CHECK(scene.aws.count("GetSecretValue") == 2);
    CHECK(scene.aws.last("GetSecretValue").signature.region == "eu-central-1");
  }
}

TEST_CASE("a fault in the configuration names file and line, and nothing is started") {
  const standin::Standin aws;
  struct Case {
    const char* config;
    const char* said;
  };
  for (const Case& one :
       {Case{"log_level = \"DEBUG\"\ncolour = \"red\"\n", "config.toml:2: "}, Case{"max_conn = 0\n", "config.toml:1: "},
        Case{"\n\nttl_seconds = 3601\n", "config.toml:3: "}, Case{"cache_size = \"many\"\n", "config.toml:1: "},
        Case{"max_conn = 5\nmax_conn = 6\n", "config.toml:2: "}, Case{"path_prefix = \"v1/\"\n", "config.toml:1: "},
        Case{"log_level = \"LOUD\"\n", "config.toml:1: "}, Case{"http_port = 80\n", "config.toml:1: "},
        Case{"max_conn = [\n1,\n", "config.toml:"}}) {
    INFO(std::string(one.config));
    AgentSettings settings = settings_for(aws);
    settings.config = one.config;
    check_refused(settings, one.said);
  }
  CHECK(aws.records().empty());
}

TEST_CASE("a value in the environment that is not allowed names its variable") {
  const standin::Standin aws;
  check_refused(settings_for(aws, {{"SMA_MAX_CONN", "1001"}}), "SMA_MAX_CONN");
}

TEST_CASE("a variable of AWS's agent that no setting has is a warning, and the agent starts") {
  AgentWithAws scene(Variables{{"SMA_CREDENTIALS_RELOAD_SECS", "5"}, {"SMA_DISABLE_IDENTITY_CACHE", "1"}});
  CHECK(scene.agent().get("/ping").status == 200);
  scene.stop();
  CHECK(scene.agent().log().find("SMA_CREDENTIALS_RELOAD_SECS is ignored") != std::string::npos);
  CHECK(scene.agent().log().find("SMA_DISABLE_IDENTITY_CACHE is ignored") != std::string::npos);
}

TEST_CASE("the configuration may come through a pipe, by its name or by its number") {
  for (const char* const run : {R"(exec "$@" --config fifo)", R"(exec "$@" --config /dev/fd/3 3<fifo)"}) {
    AgentSettings settings;
    settings.wrapper = {
        "/bin/sh", "-c",
        R"(mkfifo fifo && { (printf 'path_prefix = '; printf '"/fifo/"\n') > fifo & } && )" + std::string(run), "-"};
    AgentWithAws scene({}, settings);
    scene.aws.put("start/fifo", "start-fifo-value");
    CHECK(scene.agent().get("/fifo/start/fifo").status == 200);
  }
}

TEST_CASE("a configuration that nobody writes into its pipe is an error, never the defaults") {
  const standin::Standin aws;
  AgentSettings settings = settings_for(aws);
  settings.wrapper = {"/bin/sh", "-c", R"(mkfifo fifo && exec "$@" --config fifo)", "-"};
  check_refused(settings, "fifo: it is a pipe");
  CHECK(aws.records().empty());
}

TEST_CASE("a configuration file that is missing is an error that names it") {
  const standin::Standin aws;
  AgentSettings settings = settings_for(aws);
  settings.arguments = {"--config", "/nowhere/agent.toml"};
  check_refused(settings, "/nowhere/agent.toml");
}

TEST_CASE("--check-config prints the settings in force, or the fault") {
  const standin::Standin aws;
  AgentSettings settings = settings_for(aws);
  settings.arguments = {"--check-config"};
  settings.config = "max_conn = 17\n";
  const Outcome outcome = run_agent(settings);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.output.find("17") != std::string::npos);
  settings.wrapper = {"/bin/sh", "-c", R"(exec "$@" > /dev/full)", "-"};
  CHECK(run_agent(settings).exit_code == 1);
  settings.wrapper = {};
  settings.config = "max_conn = 0\n";
  CHECK(run_agent(settings).exit_code == 1);
  CHECK(aws.records().empty());
}

TEST_CASE("a typing error on the command line is two lines on standard error and exit 1") {
  AgentSettings settings;
  settings.arguments = {"--confg", "agent.toml"};
  const Outcome outcome = run_agent(settings);
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.output.empty());
  CHECK(outcome.errors == "unknown option --confg; the nearest is --config\nTry --help\n");
}

TEST_CASE("a configuration that switches secrets off is said, and nothing is started") {
  const standin::Standin aws;
  AgentSettings settings = settings_for(aws);
  settings.config = "[capabilities.secrets_manager]\nenabled = false\n";
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{}, {"sm", "start"}}) {
    settings.arguments = arguments;
    const Outcome outcome = run_agent(settings);
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.output.empty());
    CHECK(outcome.errors.find("enabled = false") != std::string::npos);
  }
  CHECK(aws.records().empty());
}

TEST_CASE("without a token it names the variables") {
  const standin::Standin aws;
  AgentSettings settings = settings_for(aws, {{"AWS_TOKEN", ""}});
  for (const char* name : {"AWS_TOKEN", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"}) {
    check_refused(settings, name);
  }
}

TEST_CASE("without a region it says so") {
  const standin::Standin aws;
  check_refused(settings_for(aws, {{"AWS_REGION", ""}}), "region");
  check_refused(settings_for(aws, {{"AWS_REGION", "not a region"}}), "region");
}

TEST_CASE("credentials that AWS refuses, or that are nowhere, end the start") {
  const standin::Standin aws;
  check_refused(settings_for(aws, {{"AWS_SECRET_ACCESS_KEY", "not-the-right-secret-key"}}), "SignatureDoesNotMatch");
  check_refused(settings_for(aws, {{"AWS_ACCESS_KEY_ID", "AKIAUNKNOWN"}}), "InvalidClientTokenId");
  check_refused(settings_for(aws, {{"AWS_ACCESS_KEY_ID", ""}, {"AWS_SECRET_ACCESS_KEY", ""}}), "AWS_ACCESS_KEY_ID");
  check_refused(settings_for(aws, {{"AWS_SECRET_ACCESS_KEY", ""}}), "AWS_SECRET_ACCESS_KEY");
  check_refused(settings_for(aws, {{"AWS_ACCESS_KEY_ID", "AKIA\nMORE"}}),
                "sts:GetCallerIdentity could not check the credentials (from: environment)");
}

TEST_CASE("a transient fault of the check is a warning, or an error if such are not ignored") {
  standin::Standin aws;
  aws.put("start/transient", "start-transient-value");
  aws.fail(standin::FaultPlan::sts_error(503, "ServiceUnavailable")
               .on("GetCallerIdentity")
               .times(standin::FaultPlan::kAlways));
  AgentProcess agent(settings_for(aws));
  CHECK(agent.get_secret("start/transient").status == 200);
  check_refused(settings_for(aws, {{"SMA_IGNORE_TRANSIENT_ERRORS", "false"}}), "ServiceUnavailable");
}

TEST_CASE("with the check off nothing is called at start") {
  AgentWithAws scene(Variables{{"SMA_VALIDATE_CREDENTIALS", "false"}});
  CHECK(scene.agent().get("/ping").status == 200);
  CHECK(scene.aws.records().empty());
}

TEST_CASE("clients that come before the check ends wait and are served") {
  AgentWithAws scene;
  const std::uint16_t port = free_port();
  scene.aws.put("start/early", "start-early-value");
  const auto gate = scene.aws.hold("GetCallerIdentity");
  AgentProcess agent(settings_for(scene.aws, {{"SMA_HTTP_PORT", std::to_string(port)}}));
  gate->wait_for(1);
  HttpConnection early(port);
  early.send(get_request("/v1/start/early"));
  CHECK(agent.child().output().empty());
  gate->open();
  CHECK(early.read_answer().status == 200);
}

TEST_CASE("the service manager hears READY and STOPPING") {
  const TempFolder folder;
  const std::string path = folder.path() / "notify";
  const NotifySocket socket(path);
  AgentWithAws scene(Variables{{"NOTIFY_SOCKET", path}});
  (void)scene.agent();
  CHECK(socket.next().find("READY=1") != std::string::npos);
  CHECK(scene.stop() == 0);
  CHECK(socket.next().find("STOPPING=1") != std::string::npos);
}

TEST_CASE("a service manager's abstract socket is served, and one that is not there stops nothing") {
  const std::string name = "@sma-test-" + std::to_string(getpid());
  const NotifySocket socket(name);
  AgentWithAws scene(Variables{{"NOTIFY_SOCKET", name}});
  (void)scene.agent();
  CHECK(socket.next().find("READY=1") != std::string::npos);
  for (const char* const path : {"/nowhere/at/all", "relative", "@", "vsock:2:1234"}) {
    AgentWithAws other(Variables{{"NOTIFY_SOCKET", path}});
    CHECK(other.agent().get("/ping").status == 200);
    CHECK(other.stop() == 0);
  }
}

TEST_CASE("started with its standard descriptors closed, it prints into no socket") {
  const TempFolder folder;
  const NotifySocket socket(folder.path() / "notify");
  const standin::Standin aws;
  AgentSettings settings = settings_for(aws, {{"NOTIFY_SOCKET", folder.path() / "notify"}});
  settings.wrapper = {"/bin/sh", "-c", "exec \"$@\" <&- >&- 2>&-", "-"};
  AgentProcess agent(settings);
  REQUIRE(socket.next() == "READY=1");
  for (const char* number : {"0", "1", "2"}) {
    std::error_code unreadable;
    const auto target =
        std::filesystem::read_symlink("/proc/" + std::to_string(agent.child().pid()) + "/fd/" + number, unreadable);
    if (unreadable) {
      MESSAGE("skipped: another process's descriptors may not be read");
      return;
    }
    CHECK(target == "/dev/null");
  }
  CHECK(agent.stop() == 0);
}

TEST_CASE("help and version go to standard output, unknown options to standard error") {
  AgentSettings settings;
  for (const char* option : {"--help", "-h", "--version"}) {
    settings.arguments = {option};
    const Outcome outcome = run_agent(settings);
    CHECK(outcome.exit_code == 0);
    CHECK_FALSE(outcome.output.empty());
    CHECK(outcome.errors.empty());
  }
  settings.arguments = {"--colour"};
  check_refused(settings, "--colour");
}

TEST_CASE("--version names the agent and the libraries inside") {
  AgentSettings settings;
  settings.arguments = {"--version"};
  const std::string output = run_agent(settings).output;
  for (const char* name : {"secrets-manager-agent", "OpenSSL", "curl"}) {
    INFO(std::string(name));
    CHECK(output.find(name) != std::string::npos);
  }
}

}  // namespace sma::integration
