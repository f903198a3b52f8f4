#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <vector>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/name_server.h"
#include "tests/integration/support/wait_until.h"

namespace sma::integration {

namespace {

using std::chrono::milliseconds;

constexpr const char* kPatient = "options timeout:5 attempts:2";  // glibc's own values
constexpr const char* kQuick = "options timeout:1 attempts:1";

bool cannot_change_root() {
  if (works_as_root({"chroot", "/", "true"})) return false;
  MESSAGE("skipped: chroot needs root");
  return true;
}

/// An agent that reaches the stand-in by names, in a root with its own name servers.
class Scene {
 public:
  Scene(std::vector<const NameServer*> servers, const std::string& options, Variables variables = {}) {
    std::vector<std::string> addresses;
    for (const NameServer* server : servers) addresses.push_back(server->address());
    furnish(root_, addresses, options);
    AgentSettings settings;
    // The binary's own path is the wrapper's last word, and is left out.
    settings.wrapper = {"/bin/sh", "-c", "exec chroot " + root_.path().string() + " /agent"};
    settings.environment = aws.environment();
    settings.environment["SMA_LOG_TO_FILE"] = "false";
    settings.environment["SMA_VALIDATE_CREDENTIALS"] = "false";
    settings.environment["AWS_ENDPOINT_URL"] = "http://aws.test:" + std::to_string(aws.port());
    for (const auto& [name, value] : variables) settings.environment[name] = value;
    agent_.emplace(settings);
  }
  AgentProcess& agent() { return *agent_; }
  /// Asks for different secrets at once. The answers' statuses.
  std::vector<int> burst(std::size_t count) {
    ask(count);
    return statuses();
  }
  void ask(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      aws.put("burst/" + std::to_string(i), "burst-value-" + std::to_string(i));
      clients_.push_back(agent().connect());
    }
    for (std::size_t i = 0; i < count; ++i) clients_[i].send(get_request("/v1/burst/" + std::to_string(i)));
  }
  std::vector<int> statuses() {
    std::vector<int> statuses;
    for (HttpConnection& client : clients_) statuses.push_back(client.read_answer().status);
    return statuses;
  }

  standin::Standin aws;

 private:
  TempFolder root_;
  std::optional<AgentProcess> agent_;
  std::vector<HttpConnection> clients_;
};

}  // namespace

TEST_CASE("a name that did not resolve is asked for again by the next attempt") {
  if (cannot_change_root()) return;
  const NameServer names({.refusals = 2});  // one lookup: IPv4 and IPv6
  Scene scene({&names}, kQuick);
  scene.aws.put("resolver/again", "resolver-again-value");
  CHECK(scene.agent().get_secret("resolver/again").status == 200);
  CHECK(scene.aws.count("GetSecretValue") == 1);
  CHECK(names.questions() > 2);
  const int questions = names.questions();
  CHECK(scene.agent().get_secret("resolver/again", "&refreshNow=1").status == 200);
  CHECK(names.questions() == questions);  // kept for a while
}

TEST_CASE("a name server that never answers is a timeout, holds up nobody else, and not the end either") {
  if (cannot_change_root()) return;
  const NameServer names({.silent = true});
  Scene scene({&names}, kQuick, {{"AWS_MAX_ATTEMPTS", "1"}});
  HttpConnection stuck = scene.agent().connect();
  stuck.send(get_request("/v1/resolver/dead"));
  CHECK(scene.agent().get("/ping").status == 200);
  CHECK_FALSE(stuck.has_input());
  const Answer answer = stuck.read_answer();
  CHECK((answer.status == 504 || answer.status == 502));  // our limit, or the resolver's own
  CHECK(answer.body.find("aws.test") != std::string::npos);
  CHECK(scene.agent().stop() == 0);
}

TEST_CASE("many fetches at once look the name up once, however slow the name server") {
  if (cannot_change_root()) return;
  const NameServer names({.delay = milliseconds(300)});
  Scene scene({&names}, kPatient);
  CHECK(scene.burst(40) == std::vector<int>(40, 200));
  CHECK(names.questions() == 2);  // IPv4 and IPv6
}

// Both wait at the same time: for the system's resolver to ask the second server, and for the end of an attempt.
TEST_CASE(
    "a first name server that is dead, or an answer after the first attempt, delays the first secret and fails "
    "nothing") {
  if (cannot_change_root()) return;
  const NameServer dead({.silent = true});
  const NameServer names({});
  const NameServer late({.delay = milliseconds(13000)});  // the phase has 12 s
  Scene behind_dead({&dead, &names}, kPatient);
  Scene behind_late({&late}, "options timeout:30 attempts:1");
  behind_late.ask(4);
  behind_dead.ask(16);
  CHECK(behind_dead.statuses() == std::vector<int>(16, 200));
  CHECK(behind_dead.aws.count("GetSecretValue") == 16);
  CHECK(behind_dead.aws.connections() <= 16);
  CHECK(behind_late.statuses() == std::vector<int>(4, 200));
  CHECK(late.questions() == 2);  // the second attempt waited for the lookup of the first
}

TEST_CASE("a name server that drops questions for IPv6 delays nothing") {
  if (cannot_change_root()) return;
  const NameServer names({.drops_ipv6 = true});
  Scene scene({&names}, kPatient);
  const auto begun = std::chrono::steady_clock::now();
  CHECK(scene.burst(1) == std::vector<int>(1, 200));
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(4));  // its answer would be waited for 5 s
}

TEST_CASE("through a proxy the proxy's name is looked up, and the host's is not") {
  if (cannot_change_root()) return;
  const NameServer names({});
  Scene scene({&names}, kQuick,
              {{"http_proxy", "http://proxy.test:1"}, {"AWS_MAX_ATTEMPTS", "1"}, {"no_proxy", "other.test"}});
  CHECK(scene.agent().get_secret("resolver/proxy").status == 502);
  CHECK(names.questions() == 2);
  CHECK(scene.aws.connections() == 0);
}

}  // namespace sma::integration
