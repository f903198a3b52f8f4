#include "agent/client_access.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

namespace sma {
namespace {

Result<ClientAccess> open_with(std::map<std::string, std::string, std::less<>> variables, std::uint16_t port = 0,
                               bool create_token = false) {
  Settings settings;
  settings.http_port = port;
  CommandLine command_line;
  command_line.create_token = create_token;
  return open_client_access(command_line, settings, Environment(std::move(variables)), SystemFiles());
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

TEST_CASE("a token that is not there or cannot be created is a fault, and no port is opened") {
  CHECK_FALSE(open_with({}).ok());
  CHECK_FALSE(open_with({{"AWS_TOKEN", "file:///no/such/folder/token"}}, 0, true).ok());
}

}  // namespace
}  // namespace sma
