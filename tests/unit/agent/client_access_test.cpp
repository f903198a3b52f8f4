#include "agent/client_access.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "tests/unit/base/log_lines.h"

namespace sma {
namespace {

Result<ClientAccess> open_with(std::map<std::string, std::string, std::less<>> variables, std::uint16_t port = 0,
                               bool create_token = false, LogSink* lines = nullptr) {
  Settings settings;
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
