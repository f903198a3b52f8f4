#include <doctest/doctest.h>
#include <sys/syscall.h>

#include <cerrno>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/refused_calls.h"

namespace sma::integration {

namespace {

struct Calls {
  const char* name;
  long first;
  long last;
};

/// Calls newer than Linux 4.18 that the binary or its libraries make, or might. The numbers from 424 on are the same
/// for every architecture, and all newer.
constexpr Calls kNewer[] = {
    {"pidfd_open", SYS_pidfd_open, SYS_pidfd_open},
    {"clone3", SYS_clone3, SYS_clone3},
    {"close_range", SYS_close_range, SYS_close_range},
    {"faccessat2", SYS_faccessat2, SYS_faccessat2},
    {"epoll_pwait2", SYS_epoll_pwait2, SYS_epoll_pwait2},
    {"Landlock", SYS_landlock_create_ruleset, SYS_landlock_restrict_self},
    {"landlock_restrict_self", SYS_landlock_restrict_self, SYS_landlock_restrict_self},
    {"any", 424, 9999},
};

/// An agent that needs a child for its keys, threads for its log, and the sandbox unless a child is needed.
void check_serving(const std::vector<std::string>& wrapper, bool with_process) {
  const TempFolder folder;
  AgentSettings settings;
  settings.wrapper = wrapper;
  Variables variables;
  if (with_process) {
    variables = {{"AWS_ACCESS_KEY_ID", ""}, {"AWS_SECRET_ACCESS_KEY", ""}};
    variables["AWS_CONFIG_FILE"] =
        folder.write("config", "[default]\ncredential_process = /bin/cat " + (folder.path() / "keys").string() + "\n");
    folder.write("keys", R"({"Version": 1, "AccessKeyId": "AKIASTANDINEXAMPLE00", )"
                         R"("SecretAccessKey": "standin/EXAMPLE+secret/access/key0000000"})");
  }
  AgentWithAws scene(variables, settings);
  scene.aws.put("old/kernel", "old-kernel-value");
  CHECK(scene.agent().get_secret("old/kernel").status == 200);
  CHECK(scene.stop() == 0);
  CHECK(scene.agent().log().find("stopped") != std::string::npos);
}

}  // namespace

TEST_CASE("the agent runs with a kernel or a profile that refuses calls newer than Linux 4.18") {
  for (const Calls& calls : kNewer) {
    for (const int error : {ENOSYS, EPERM}) {
      for (const bool with_process : {false, true}) {
        CAPTURE(calls.name);
        CAPTURE(error);
        CAPTURE(with_process);
        check_serving(refusing_calls(calls.first, calls.last, error), with_process);
      }
    }
  }
}

}  // namespace sma::integration
