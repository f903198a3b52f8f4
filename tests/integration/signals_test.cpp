#include <doctest/doctest.h>
#include <sys/wait.h>

#include <csignal>
#include <iterator>
#include <sstream>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/wait_until.h"

namespace sma::integration {

namespace {

/// The agent has begun to stop when it refuses a new connection.
void wait_until_refusing(std::uint16_t port) {
  wait_until("the agent refuses connections", [port] {
    try {
      const HttpConnection probe(port);
      return false;
    } catch (const std::runtime_error&) {
      return true;
    }
  });
}

}  // namespace

TEST_CASE("SIGTERM and SIGINT end it with 0") {
  for (const int signal : {SIGTERM, SIGINT}) {
    AgentWithAws scene;
    (void)scene.agent();
    scene.agent().child().signal(signal);
    CHECK(scene.agent().child().wait() == 0);
  }
}

TEST_CASE("stopping closes idle connections and answers those that wait, with Connection: close") {
  AgentWithAws scene;
  scene.aws.put("signals/waiting", "signals-waiting-value");
  const auto gate = scene.aws.hold("GetSecretValue");
  HttpConnection idle = scene.agent().connect();
  idle.send(get_request("/ping"));
  CHECK(idle.read_answer().status == 200);
  HttpConnection waiting = scene.agent().connect();
  waiting.send(get_request("/v1/signals/waiting"));
  gate->wait_for(1);
  scene.agent().child().signal(SIGTERM);
  CHECK(idle.is_closed());
  wait_until_refusing(scene.agent().port());
  gate->open();
  const Answer answer = waiting.read_answer();
  CHECK(answer.status == 200);
  CHECK(answer.header("connection") == "close");
  CHECK(scene.agent().child().wait() == 0);
}

TEST_CASE("a second signal exits at once with 1, even if clients still wait") {
  AgentWithAws scene;
  scene.aws.put("signals/second", "signals-second-value");
  const auto gate = scene.aws.hold("GetSecretValue");
  HttpConnection waiting = scene.agent().connect();
  waiting.send(get_request("/v1/signals/second"));
  gate->wait_for(1);
  scene.agent().child().signal(SIGTERM);
  wait_until_refusing(scene.agent().port());
  scene.agent().child().signal(SIGTERM);
  CHECK(scene.agent().child().wait() == 1);
  CHECK_FALSE(waiting.try_answer().has_value());
}

TEST_CASE("SIGPIPE is ignored") {
  AgentWithAws scene;
  scene.agent().child().signal(SIGPIPE);
  CHECK(scene.agent().get("/ping").status == 200);
  CHECK(scene.stop() == 0);
}

TEST_CASE("SIGHUP makes every cached secret count as expired, each time, and one line says how many") {
  AgentWithAws scene;
  for (const char* name : {"signals/one", "signals/two"}) {
    scene.aws.put(name, "signals-value");
    CHECK(scene.agent().get_secret(name).status == 200);
  }
  for (const char* value : {"signals-value#1", "signals-value#2"}) {
    scene.aws.rotate("signals/one");
    scene.agent().child().signal(SIGHUP);
    // The line that a signal before this one made does not end the waiting: the agent answers from memory until then.
    wait_until("the new value",
               [&] { return member(scene.agent().get_secret("signals/one").body, "SecretString") == value; });
  }
  CHECK(scene.agent().logs("every cached secret counts as expired secrets=2"));
  CHECK(scene.stop() == 0);
}

TEST_CASE("SIGHUP before the agent is ready ends nothing") {
  standin::Standin aws;
  const auto gate = aws.hold("GetCallerIdentity");
  AgentSettings settings;
  settings.environment = aws.environment();
  AgentProcess agent(settings);
  gate->wait_for(1);
  agent.child().signal(SIGHUP);
  CHECK(agent.logs("every cached secret counts as expired secrets=0"));
  gate->open();
  CHECK(agent.get("/ping").status == 200);
  CHECK(agent.stop() == 0);
}

TEST_CASE("SIGHUP stays ignored if the agent was started so, as by nohup") {
  AgentSettings settings;
  settings.wrapper = {"sh", "-c", "trap '' HUP; exec \"$@\"", "-"};
  AgentWithAws scene({}, settings);
  scene.aws.put("signals/nohup", "signals-nohup-value");
  CHECK(scene.agent().get_secret("signals/nohup").status == 200);
  scene.agent().child().signal(SIGHUP);
  CHECK(scene.agent().get_secret("signals/nohup").status == 200);
  CHECK(scene.stop() == 0);
  CHECK(scene.agent().log().find("counts as expired") == std::string::npos);
}

TEST_CASE("as process 1 it serves and ends on SIGTERM") {
  AgentSettings settings;
  settings.wrapper = {"unshare", "--pid", "--fork", "--kill-child"};
  if (!works_as_root({"unshare", "--pid", "--fork", "true"})) {
    MESSAGE("skipped: a process namespace needs root");
    return;
  }
  AgentWithAws scene({}, settings);
  scene.aws.put("signals/first", "signals-first-value");
  CHECK(scene.agent().get_secret("signals/first").status == 200);
  const std::string outer = std::to_string(scene.agent().child().pid());
  const std::string inner = read_file("/proc/" + outer + "/task/" + outer + "/children");
  kill(std::stoi(inner), SIGTERM);
  CHECK(scene.agent().child().wait() == 0);
}

TEST_CASE("a signal while the start check waits ends it with 0, a second one beside it with 1") {
  for (const bool twice : {false, true}) {
    standin::Standin aws;
    const auto gate = aws.hold("GetCallerIdentity");
    AgentSettings settings;
    settings.environment = aws.environment();
    AgentProcess agent(settings);
    gate->wait_for(1);
    // Stopped meanwhile, so that it does not end before it is sent the second one.
    agent.child().signal(SIGSTOP);
    siginfo_t stopped{};
    REQUIRE(waitid(P_PID, static_cast<id_t>(agent.child().pid()), &stopped, WSTOPPED) == 0);
    agent.child().signal(SIGTERM);
    if (twice) agent.child().signal(SIGINT);
    agent.child().signal(SIGCONT);
    CHECK(agent.child().wait() == (twice ? 1 : 0));
    gate->open();
  }
}

TEST_CASE("as process 1 it takes the exit status of orphans") {
  if (!works_as_root({"unshare", "--pid", "--fork", "true"})) {
    MESSAGE("skipped: a process namespace needs root");
    return;
  }
  AgentSettings settings;
  // Two orphans: one ends about when the agent takes the shell's place, one is ended while it serves.
  settings.wrapper = {
      "unshare", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", "(true &); (sleep 600 &); exec \"$@\"", "-"};
  AgentWithAws scene({}, settings);
  (void)scene.agent();
  const std::string outer = std::to_string(scene.agent().child().pid());
  const int inner = std::stoi(read_file("/proc/" + outer + "/task/" + outer + "/children"));
  const std::string children = "/proc/" + std::to_string(inner) + "/task/" + std::to_string(inner) + "/children";
  std::istringstream orphans(read_file(children));
  std::vector<pid_t> left(std::istream_iterator<pid_t>(orphans), {});
  REQUIRE_FALSE(left.empty());
  for (const pid_t orphan : left) kill(orphan, SIGKILL);
  wait_until("the orphans are reaped", [&] { return read_file(children).empty(); });
  kill(inner, SIGTERM);
  CHECK(scene.agent().child().wait() == 0);
}

}  // namespace sma::integration
