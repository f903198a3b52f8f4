#include "agent/client/agent_address.h"

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <string>

#include "tests/unit/base/temp_folder.h"

namespace sma {
namespace {

Environment empty_environment() { return Environment(std::map<std::string, std::string, std::less<>>{}); }

AgentAccess access_with(const Settings& settings, const Environment& environment, const Files& files) {
  return {settings, environment, files};
}

TEST_CASE("the socket is used if there is one, else the port, which must be known") {
  Settings settings;
  const Environment environment = empty_environment();
  const SystemFiles files;
  CHECK(AgentAddress(access_with(settings, environment, files)).text() == "127.0.0.1:2773");
  settings.http_port = 0;
  CHECK(AgentAddress(access_with(settings, environment, files)).problem().value_or("").starts_with("http_port is 0"));
  settings.unix_socket = "/run/agent.sock";
  const AgentAddress address(access_with(settings, environment, files));
  CHECK(address.text() == "unix:/run/agent.sock");
  CHECK_FALSE(address.problem());
}

TEST_CASE("root, the client's user, the image's user, the folder's owner and the one who is named are trusted") {
  const TempFolder folder;
  const std::string path = folder / "agent.sock";
  for (const uid_t user : {uid_t{0}, geteuid(), uid_t{65532}}) CHECK_FALSE(why_not_trusted(user, path, std::nullopt));
  CHECK_FALSE(why_not_trusted(12345, path, 12345));
  CHECK(why_not_trusted(12345, path, 12346).value_or("") ==
        "user 12345 listens there, who may not be the agent's: if it is, add --agent-user 12345");
  CHECK(why_not_trusted(12345, "/no/such/agent.sock", std::nullopt));
  if (geteuid() != 0) return;
  REQUIRE(chown(folder.path.c_str(), 12345, 12345) == 0);
  CHECK_FALSE(why_not_trusted(12345, path, std::nullopt));
}

TEST_CASE("a user of another user namespace is never trusted") {
  const TempFolder folder;
  const pid_t child = fork();
  if (child == 0) {
    if (unshare(CLONE_NEWUSER) != 0) _exit(2);
    // This namespace has no users: the kernel shows 65534 for all of them, this process's own and the folder's owner
    // too.
    _exit(why_not_trusted(65534, folder / "agent.sock", 65534) ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  if (WEXITSTATUS(status) == 2) {
    MESSAGE("skipped: no user namespace can be made");
  } else {
    CHECK(WEXITSTATUS(status) == 0);
  }
}

}  // namespace
}  // namespace sma
