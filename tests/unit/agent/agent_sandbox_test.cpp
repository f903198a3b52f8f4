#include "agent/agent_sandbox.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "agent/agent_output.h"
#include "tests/unit/aws/credentials/fixture.h"

namespace sma {
namespace {

struct Fixture {
  std::optional<Sandbox> choose() { return choose_sandbox(settings, Environment(variables), files, log); }

  Settings settings;
  Variables variables{{"AWS_CONFIG_FILE", "/config"}};
  MemoryFiles files;
  LogLines lines;
  Log log{&lines, LogLevel::info};
};

TEST_CASE("in the sandbox only the folder of the log can be written, not that of the token") {
  Fixture fixture;
  fixture.variables["AWS_TOKEN"] = "file:///token";
  const auto log_only = fixture.choose();
  REQUIRE(log_only);
  CHECK(log_only->writable_folders == std::vector<std::string>{kLogFolder});
  fixture.settings.log_to_file = false;
  const auto none = fixture.choose();
  REQUIRE(none);
  CHECK(none->writable_folders.empty());
  CHECK(fixture.lines.count("sandbox") == 0);
}

TEST_CASE("files can be removed in the folder of the socket") {
  Fixture fixture;
  fixture.settings.unix_socket = "/run/agent/agent.sock";
  const auto sandbox = fixture.choose();
  REQUIRE(sandbox);
  CHECK(sandbox->cleared_folders == std::vector<std::string>{"/run/agent/"});
  CHECK(sandbox->writable_folders == std::vector<std::string>{kLogFolder});
}

TEST_CASE("files can be made in their folders") {
  Fixture fixture;
  fixture.settings.files = {{.path = "/run/secrets/one"}, {.path = "/run/secrets/two"}};
  const auto sandbox = fixture.choose();
  REQUIRE(sandbox);
  CHECK(sandbox->filled_folders == std::vector<std::string>{"/run/secrets/"});
}

TEST_CASE("there is no sandbox if it is switched off, and the log says so") {
  Fixture fixture;
  fixture.settings.sandbox = false;
  CHECK_FALSE(fixture.choose());
  CHECK(fixture.lines.count("INFO the sandbox is switched off") == 1);
}

TEST_CASE("there is no sandbox if the active profile runs a program, unless a credentials file is configured") {
  Fixture fixture;
  fixture.files.texts["/config"] = "[default]\ncredential_process = /bin/keys\n";
  CHECK_FALSE(fixture.choose());
  CHECK(fixture.lines.count("WARN no sandbox: the active profile has a credential_process") == 1);
  fixture.settings.credentials_file_path = "/credentials";
  CHECK(fixture.choose());
}

}  // namespace
}  // namespace sma
