#include <doctest/doctest.h>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/process_memory.h"
#include "tests/standin/encoding.h"

namespace sma::integration {

namespace {

/// Kilobytes of locked memory.
std::size_t locked_memory(pid_t pid) {
  const std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
  return std::stoul(status.substr(status.find("VmLck:") + 6));
}

/// Bound by a limit in kilobytes, which root with all its capabilities is not.
AgentSettings with_limit(const std::string& kilobytes) {
  AgentSettings settings;
  settings.wrapper = {
      "/bin/sh", "-c",
      "ulimit -l " + kilobytes + " && exec setpriv --bounding-set=-ipc_lock --inh-caps=-ipc_lock \"$@\"", "-"};
  return settings;
}

bool is_possible(AgentWithAws& scene) {
  const bool possible = can_read_memory_of(scene.agent().child().pid());
  if (!possible) MESSAGE("skipped: reading another process's memory needs root");
  return possible;
}

}  // namespace

TEST_CASE("cached secrets, keys and the environment are locked in memory and left out of dumps") {
  AgentWithAws scene;
  if (!is_possible(scene)) return;
  const pid_t pid = scene.agent().child().pid();
  for (const std::size_t size : {20U, 1024U, 65'000U, 300'000U}) {
    CAPTURE(size);
    const std::string name = "lock/" + std::to_string(size);
    const std::string beginning = standin::random_text(20);
    scene.aws.put(name, beginning + std::string(size - 20, 'l'));
    REQUIRE(scene.agent().get_secret(name).status == 200);
    const auto places = places_in_memory(pid, beginning);
    CHECK_FALSE(places.empty());
    for (const std::uint64_t place : places) {
      CHECK(memory_flags(pid, place).find(" lo") != std::string::npos);
      CHECK(memory_flags(pid, place).find(" dd") != std::string::npos);
    }
  }
  for (const std::uint64_t place : places_in_memory(pid, kToken))
    CHECK(memory_flags(pid, place).find(" lo") != std::string::npos);
  CHECK(scene.stop() == 0);
  CHECK(scene.agent().log().find("could not be locked") == std::string::npos);
}

TEST_CASE("a low limit of locked memory is used as far as it goes") {
  AgentWithAws scene({}, with_limit("64"));
  if (!is_possible(scene)) return;
  const pid_t pid = scene.agent().child().pid();
  const std::string secret = standin::random_text(40);
  scene.aws.put("lock/low", secret);
  CHECK(scene.agent().get_secret("lock/low").status == 200);
  CHECK(locked_memory(pid) > 0);
  CHECK(locked_memory(pid) <= 64);
  for (int i = 0; i < 100; ++i) {
    const std::string name = "lock/low" + std::to_string(i);
    scene.aws.put(name, std::string(10'000, 'w'));
    CHECK(scene.agent().get_secret(name).status == 200);
  }
  CHECK(locked_memory(pid) <= 64);
  CHECK(scene.agent().logs("WARN memory for secrets could not be locked"));
  CHECK(scene.agent().log().find(" limit_bytes=65536 needed_bytes=") != std::string::npos);
}

TEST_CASE("where no memory may be locked the agent serves all the same") {
  AgentWithAws scene({}, with_limit("0"));
  scene.aws.put("lock/none", "lock-none-value");
  CHECK(scene.agent().get_secret("lock/none").status == 200);
  CHECK(locked_memory(scene.agent().child().pid()) == 0);
  CHECK(scene.agent().logs("WARN memory for secrets could not be locked"));
  CHECK(scene.stop() == 0);
}

}  // namespace sma::integration
