#include "aws/credentials/environment_source.h"

#include <doctest/doctest.h>

#include "tests/unit/aws/credentials/fixture.h"

using namespace sma;

namespace {

Result<Credentials> load(Variables variables) {
  CredentialsFixture fixture;
  const Environment environment(std::move(variables));
  EnvironmentSource source(environment);
  return fixture.load(source);
}

}  // namespace

TEST_CASE("keys are read from the environment with and without a session token") {
  const auto with = load({{"AWS_ACCESS_KEY_ID", "k"}, {"AWS_SECRET_ACCESS_KEY", "s"}, {"AWS_SESSION_TOKEN", "t"}});
  REQUIRE(with.ok());
  CHECK(with->access_key_id == "k");
  CHECK(with->secret_access_key.view() == "s");
  CHECK(with->session_token.view() == "t");
  CHECK_FALSE(with->expiration);
  const auto without = load({{"AWS_ACCESS_KEY_ID", "k"}, {"AWS_SECRET_ACCESS_KEY", "s"}, {"AWS_SESSION_TOKEN", " "}});
  REQUIRE(without.ok());
  CHECK(without->session_token.empty());
}

TEST_CASE("no keys in the environment, or blank ones, are nothing configured") {
  CHECK(load({}).fault().is_absent());
  CHECK(load({{"AWS_ACCESS_KEY_ID", ""}, {"AWS_SECRET_ACCESS_KEY", " \t"}, {"AWS_SESSION_TOKEN", "t"}})
            .fault()
            .is_absent());
}

TEST_CASE("white space around the keys is not part of them") {
  const auto found =
      load({{"AWS_ACCESS_KEY_ID", " k\n"}, {"AWS_SECRET_ACCESS_KEY", "\ts\r\n"}, {"AWS_SESSION_TOKEN", "\n t"}});
  REQUIRE(found.ok());
  CHECK(found->access_key_id == "k");
  CHECK(found->secret_access_key.view() == "s");
  CHECK(found->session_token.view() == "t");
}

TEST_CASE("SECRET_ACCESS_KEY stands in for AWS_SECRET_ACCESS_KEY if that is unset or blank") {
  CHECK(load({{"AWS_ACCESS_KEY_ID", "k"}, {"SECRET_ACCESS_KEY", "old\n"}})->secret_access_key.view() == "old");
  CHECK(load({{"AWS_ACCESS_KEY_ID", "k"}, {"AWS_SECRET_ACCESS_KEY", " "}, {"SECRET_ACCESS_KEY", "old"}})
            ->secret_access_key.view() == "old");
  CHECK(load({{"AWS_ACCESS_KEY_ID", "k"}, {"AWS_SECRET_ACCESS_KEY", "new"}, {"SECRET_ACCESS_KEY", "old"}})
            ->secret_access_key.view() == "new");
  CHECK(load({{"AWS_ACCESS_KEY_ID", "k"}, {"SECRET_ACCESS_KEY", " "}}).fault().message ==
        "AWS_ACCESS_KEY_ID is set, but not AWS_SECRET_ACCESS_KEY");
  CHECK(load({{"SECRET_ACCESS_KEY", "of another program"}}).fault().is_absent());
}

TEST_CASE("one half of a key pair in the environment is a fault") {
  const auto id = load({{"AWS_ACCESS_KEY_ID", "k"}});
  CHECK(id.fault().is_internal());
  CHECK(id.fault().message == "AWS_ACCESS_KEY_ID is set, but not AWS_SECRET_ACCESS_KEY");
  const auto key = load({{"AWS_SECRET_ACCESS_KEY", "hidden"}});
  CHECK(key.fault().message == "AWS_SECRET_ACCESS_KEY is set, but not AWS_ACCESS_KEY_ID");
}
