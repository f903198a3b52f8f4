#include "agent/client_access.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <string>

#include "tests/unit/base/log_lines.h"
#include "tests/unit/base/temp_folder.h"

namespace sma {
namespace {

Result<ClientAccess> open_with(std::map<std::string, std::string, std::less<>> variables, std::uint16_t port = 0,
                               bool create_token = false, LogSink* lines = nullptr, const std::string& socket = {}) {
  Settings settings;
  settings.unix_socket = socket;
  settings.http_port = port;
  CommandLine command_line;
  Log log(lines, LogLevel::info);
  command_line.create_token = create_token;
  return open_client_access(command_line, settings, Environment(std::move(variables)), SystemFiles(), log);
}

TEST_CASE("access for clients is a token and a port that listens") {
  const auto access = open_with({{"AWS_TOKEN", "a-token"}});
  REQUIRE(access.ok());
  CHECK(access->token.view() == "a-token");
  CHECK(access->listening.ipv4.valid());
  CHECK(access->listening.port != 0);
  const auto taken = open_with({{"AWS_TOKEN", "a-token"}}, access->listening.port);
  REQUIRE_FALSE(taken.ok());
  CHECK(taken.fault().message.find(std::to_string(access->listening.port)) != std::string::npos);
}

TEST_CASE("with a socket and no token, TCP is not opened; with a token both are; the file goes at the end") {
  const TempFolder folder;
  const std::string path = folder / "agent.sock";
  LogLines lines;
  {
    const auto access = open_with({}, 0, false, &lines, path);
    REQUIRE(access.ok());
    CHECK(access->token.empty());
    CHECK_FALSE(access->listening.ipv4.valid());
    CHECK(access->local.socket.valid());
    CHECK(lines.count("INFO no SSRF token is configured: TCP is not opened") == 1);
  }
  CHECK(std::filesystem::is_empty(folder.path));
  const auto both = open_with({{"AWS_TOKEN", "a-token"}}, 0, false, &lines, path);
  REQUIRE(both.ok());
  CHECK(both->listening.ipv4.valid());
  CHECK(both->local.file.path() == path);
  CHECK_FALSE(open_with({{"AWS_TOKEN", "file:///no/such/token"}}, 0, false, &lines, folder / "b").ok());
  CHECK_FALSE(open_with({}, 0, true, &lines, folder / "b").ok());
  const auto taken = open_with({}, 0, false, &lines, path);
  REQUIRE_FALSE(taken.ok());
  CHECK(taken.fault().message.ends_with("another agent, or another program, listens there"));
  REQUIRE(chmod(folder.path.c_str(), 0777) == 0);
  REQUIRE(open_with({}, 0, false, &lines, folder / "b").ok());
  CHECK(lines.count("INFO everybody can replace " + (folder / "b")) == 1);
}

TEST_CASE("a group that nothing would get is a fault") {
  Settings settings;
  settings.http_port = 0;
  CommandLine command_line;
  command_line.token_group = 1;
  Log log(nullptr, LogLevel::info);
  const std::map<std::string, std::string, std::less<>> variables{{"AWS_TOKEN", "a-token"}};
  const auto access = open_client_access(command_line, settings, Environment(variables), SystemFiles(), log);
  REQUIRE_FALSE(access.ok());
  CHECK(access.fault().message == "--token-group needs --create-token, unix_socket or files");
}

TEST_CASE("a weak token is a warning in the log, without the token") {
  LogLines lines;
  REQUIRE(open_with({{"AWS_TOKEN", "/short-token"}}, 0, false, &lines).ok());
  CHECK(lines.count("WARN the SSRF token in AWS_TOKEN has fewer than 16 characters") == 1);
  CHECK(lines.count("WARN the SSRF token in AWS_TOKEN begins with a slash") == 1);
  CHECK(lines.count("short-token") == 0);
}

TEST_CASE("a token that is not there or cannot be created is a fault, and no port is opened") {
  CHECK_FALSE(open_with({}).ok());
  CHECK_FALSE(open_with({{"AWS_TOKEN", "a-token"}}, 0, true).ok());
  CHECK_FALSE(open_with({{"AWS_TOKEN", "file:///no/such/folder/token"}}, 0, true).ok());
}

}  // namespace
}  // namespace sma
