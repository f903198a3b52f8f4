#include "agent/configuration/secret_variables.h"

#include <doctest/doctest.h>

using namespace sma;

namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

bool is_withheld(std::string_view name, const Variables& variables, std::vector<std::string> token_variables) {
  Settings settings;
  settings.ssrf_env_variables = std::move(token_variables);
  Environment environment(variables);
  protect_secret_variables(environment, settings);
  CHECK(environment.get(name));
  return !environment.for_programs().get(name);
}

}  // namespace

TEST_CASE("the variable that the token comes from is withheld from programs") {
  CHECK(is_withheld("ONE", {{"ONE", "1"}, {"TWO", "2"}}, {"ZERO", "ONE", "TWO"}));
  CHECK_FALSE(is_withheld("TWO", {{"ONE", "1"}, {"TWO", "2"}}, {"ZERO", "ONE", "TWO"}));
  CHECK(is_withheld("ONE", {{"ONE", "file:///run/token"}}, {"ONE"}));
}

TEST_CASE("a token that is a credential as well is not withheld from programs") {
  for (const char* const name : {"AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"})
    CHECK_FALSE(is_withheld(name, {{name, "t"}}, {name}));
}
