#include "aws/credentials/default_chain.h"

#include <doctest/doctest.h>

#include "aws/credentials/cached_credentials.h"
#include "tests/unit/aws/credentials/fixture.h"

using namespace sma;

namespace {

using Answer = FakeTransport::Answer;

/// Every source but the environment has something; a test takes away what it does not want.
struct ChainFixture : CredentialsFixture {
  ChainFixture() {
    files.texts["/c"] = "[default]\naws_access_key_id = profile\naws_secret_access_key = s\n";
    files.texts["/t"] = "token";
    http.answer = [this](const SeenRequest& request) {
      if (request.url.ends_with("/token") || request.url.ends_with("/security-credentials/"))
        return Answer{.body = "text"};
      const std::string key = request.url.starts_with("http://169.254.170.2/") ? "container" : "instance";
      return Answer{.body = R"({"AccessKeyId":")" + key + R"(","SecretAccessKey":"s","Token":"t","Expiration":")" +
                            iso(Seconds(3600)) + "\"}"};
    };
  }
  std::string key() {
    environment = Environment(variables);
    const auto chain = make_chain();
    const auto found = load(*chain);
    return found.ok() ? found->access_key_id : found.fault().message;
  }
  std::unique_ptr<DefaultChain> make_chain() {
    return std::make_unique<DefaultChain>(Surroundings{environment, files, http}, sts, processes, metadata, context);
  }

  Variables variables{{"AWS_CONFIG_FILE", "/c"},
                      {"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"},
                      {"AWS_ROLE_ARN", "arn:r"},
                      {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"}};
  Environment environment{Variables{}};
  InstanceMetadata metadata{{environment, files, http}, context};
};

}  // namespace

TEST_CASE("sources are asked in order: environment, profile, web identity, container, instance metadata") {
  ChainFixture fixture;
  fixture.variables["AWS_ACCESS_KEY_ID"] = "environment";
  fixture.variables["AWS_SECRET_ACCESS_KEY"] = "s";
  CHECK(fixture.key() == "environment");
  fixture.variables.erase("AWS_ACCESS_KEY_ID");
  fixture.variables.erase("AWS_SECRET_ACCESS_KEY");
  CHECK(fixture.key() == "profile");
  fixture.files.texts["/c"] = "[default]\nregion = r\n";
  CHECK(fixture.key() == "ROLE1");
  fixture.variables.erase("AWS_WEB_IDENTITY_TOKEN_FILE");
  CHECK(fixture.key() == "container");
  fixture.variables.erase("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  CHECK(fixture.key() == "instance");
  fixture.variables["AWS_EC2_METADATA_DISABLED"] = "true";
  CHECK(fixture.key().starts_with("no credentials were found: environment: "));
}

TEST_CASE("a broken pod does not turn into its node's role") {
  ChainFixture fixture;
  fixture.files.texts.clear();
  CHECK(fixture.key() == "web identity: cannot read /t: No such file or directory");
  fixture.variables.erase("AWS_WEB_IDENTITY_TOKEN_FILE");
  fixture.http.answer = [](const SeenRequest&) { return Answer{.status = 404}; };
  CHECK(fixture.key() == "container: the endpoint answered 404");
  fixture.variables["AWS_PROFILE"] = "gone";
  CHECK(fixture.key().starts_with("profile: profile gone, named by AWS_PROFILE, is in neither /c"));
}

TEST_CASE("a source that fails says why in one line of the log") {
  ChainFixture fixture;
  fixture.files.texts.clear();
  fixture.environment = Environment(fixture.variables);
  const auto chain = fixture.make_chain();
  CachedCredentials cached(*chain, fixture.context);
  CHECK_FALSE(fixture.finish(cached.get(fixture.scheduler.now() + Seconds(5))).ok());
  CHECK(fixture.lines.count("No such file") == 1);
  CHECK(fixture.lines.count("WARN no credentials reason=\"web identity: cannot read /t") == 1);
}

TEST_CASE("if nothing is configured, the fault says where each source looked") {
  ChainFixture fixture;
  fixture.files.texts.clear();
  fixture.variables.clear();
  fixture.http.answer = [](const SeenRequest&) {
    return Answer{.fault = Fault::timeout("no connection"), .connected = false};
  };
  const std::string message = fixture.key();
  for (const char* part : {"AWS_ACCESS_KEY_ID", "profile default", "AWS_WEB_IDENTITY_TOKEN_FILE",
                           "AWS_CONTAINER_CREDENTIALS_FULL_URI", "no instance metadata"}) {
    CAPTURE(std::string(part));
    CHECK(message.find(part) != std::string::npos);
  }
}
