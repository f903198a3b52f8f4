#include "agent/client/agent_token.h"

#include <doctest/doctest.h>

#include "tests/unit/aws/credentials/fixture.h"

namespace sma {
namespace {

constexpr const char* kToken = "0123456789abcdef";

struct Words {
  std::string operator()(int status, std::string_view body) const {
    MemoryFiles files;
    files.texts["/run/token"] = kToken;
    const Settings settings;
    const Environment environment(Variables{{"AWS_TOKEN", value}});
    const AgentAccess access{settings, environment, files};
    AgentToken token(access);
    const auto field = token.read();
    REQUIRE(field.ok());
    CHECK(field->token == kToken);
    return token.words_of({status, WipedBytes(body)});
  }
  std::string value;
};

}  // namespace

TEST_CASE("a refusal of the token says where the token came from, and not the token") {
  CHECK(Words{kToken}(403, "Bad Token") == "403 Bad Token (the token came from AWS_TOKEN)");
  CHECK(Words{"file:///run/token"}(403, "Bad Token") == "403 Bad Token (the token came from /run/token (AWS_TOKEN))");
}

TEST_CASE("any other refusal does not speak of the token") {
  CHECK(Words{kToken}(404, "Not found") == "404 Not found");
  CHECK(Words{kToken}(403, R"({"__type":"AccessDeniedException"})") == R"(403 {"__type":"AccessDeniedException"})");
}

TEST_CASE("no token is a fault that names the variables") {
  const MemoryFiles files;
  const Settings settings;
  const Environment environment(Variables{});
  const AgentAccess access{settings, environment, files};
  CHECK(AgentToken(access).read().fault().message.starts_with("Could not read SSRF token variable(s) AWS_TOKEN"));
}

TEST_CASE("over the socket no token is sent, whether there is one or not, and no refusal speaks of one") {
  const MemoryFiles files;
  Settings settings;
  settings.unix_socket = "/run/agent.sock";
  for (const Variables& variables : {Variables{}, Variables{{"AWS_TOKEN", kToken}}}) {
    const Environment environment(variables);
    const AgentAccess access{settings, environment, files};
    AgentToken token(access);
    const auto field = token.read();
    REQUIRE(field.ok());
    CHECK(field->token.empty());
    CHECK(token.words_of({403, WipedBytes("Bad Token")}) == "403 Bad Token");
  }
}

}  // namespace sma
