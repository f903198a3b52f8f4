#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/integration/support/agent_process.h"

namespace sma::integration {

namespace {

Outcome copy_to(const std::string& path, const std::string& shell = R"(exec "$@")") {
  AgentSettings settings;
  settings.environment = {{"PATH", "/usr/bin:/bin"}};
  settings.wrapper = {"/bin/sh", "-c", shell, "-"};
  settings.arguments = {"copy-to", path};
  return run_agent(settings);
}

mode_t mode_of(const std::filesystem::path& path) {
  struct stat facts {};
  REQUIRE(stat(path.c_str(), &facts) == 0);
  return facts.st_mode & 07777;
}

std::size_t entries_of(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

}  // namespace

TEST_CASE("copy-to writes the program, which runs, with mode 0755 under any umask") {
  const TempFolder folder;
  const std::string target = folder.path() / "agent";
  const Outcome outcome = copy_to(target, R"(umask 0077; exec "$@")");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.errors.empty());
  CHECK(mode_of(target) == 0755);
  CHECK(read_file(target) == read_file(agent_binary()));
  AgentSettings settings;
  settings.binary = target;
  settings.arguments = {"exec", "/bin/echo", "runs"};
  CHECK(run_agent(settings).output == "runs\n");
}

TEST_CASE("copy-to replaces a file, also one that runs, and into a folder it copies under the program's name") {
  const TempFolder folder;
  folder.write("agent", "old");
  CHECK(copy_to(folder.path() / "agent").exit_code == 0);
  CHECK(read_file(folder.path() / "agent") == read_file(agent_binary()));
  AgentSettings itself;
  itself.binary = folder.path() / "agent";
  itself.arguments = {"copy-to", itself.binary};
  CHECK(run_agent(itself).exit_code == 0);
  CHECK(entries_of(folder.path()) == 1);
  CHECK(copy_to(folder.path()).exit_code == 0);
  CHECK(mode_of(folder.path() / "secrets-manager-agent") == 0755);
  CHECK(entries_of(folder.path()) == 2);
}

TEST_CASE("copy-to says why it cannot, and leaves nothing behind") {
  const TempFolder folder;
  const Outcome missing = copy_to(folder.path() / "none" / "agent");
  CHECK(missing.exit_code == 1);
  CHECK(missing.errors.find("/none/agent: the program cannot be copied there: No such file or directory") !=
        std::string::npos);
  const Outcome full = copy_to(folder.path() / "agent", R"(trap '' XFSZ; ulimit -f 1; exec "$@")");
  CHECK(full.exit_code == 1);
  CHECK(full.errors.find("File too large") != std::string::npos);
  CHECK(entries_of(folder.path()) == 0);
}

TEST_CASE("copy-to warns if programs cannot be run where it copies to") {
  if (!works_as_root({"/usr/bin/unshare", "--mount", "/bin/true"})) return;
  const TempFolder folder;
  const Outcome outcome =
      copy_to(folder.path() / "agent", "exec unshare --mount sh -c 'mount -t tmpfs -o noexec none " +
                                           folder.path().string() + R"(; exec "$0" "$@"' "$@")");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.errors.find("warning: mounted noexec") != std::string::npos);
}

}  // namespace sma::integration
