#include "aws/credentials/instance_metadata_source.h"

#include <doctest/doctest.h>

#include "tests/unit/aws/credentials/fixture.h"

using namespace sma;

namespace {

using Answer = FakeTransport::Answer;

struct InstanceFixture : CredentialsFixture {
  InstanceFixture() {
    http.answer = [this](const SeenRequest& request) {
      if (fault) return Answer{.fault = fault};
      if (request.method == "PUT") return Answer{.body = "token"};
      return request.url.ends_with("/security-credentials/") ? role : Answer{.body = keys};
    };
    renew(Seconds(3600));
  }
  void renew(Nanoseconds life, const std::string& id = "k") {
    keys = R"({"Code":"Success","AccessKeyId":")" + id + R"(","SecretAccessKey":"s","Token":"t","Expiration":")" +
           iso(life) + "\"}";
  }
  Result<Credentials> ask() { return load(source); }

  Environment environment{Variables{}};
  InstanceMetadata metadata{{environment, files, http}, context};
  InstanceMetadataSource source{metadata, context};
  Answer role{.body = "my-role\n"};
  std::string keys;
  std::optional<Fault> fault;
};

}  // namespace

TEST_CASE("the credentials of the instance's role are read") {
  InstanceFixture fixture;
  const auto found = fixture.ask();
  REQUIRE(found.ok());
  CHECK(found->access_key_id == "k");
  CHECK(found->expiration == fixture.scheduler.wall_now() + Seconds(3600));
  CHECK(found->source == "instance metadata");
  CHECK(fixture.http.requests.back().url == "http://169.254.169.254/latest/meta-data/iam/security-credentials/my-role");
}

TEST_CASE("an instance without a role has nothing configured") {
  InstanceFixture fixture;
  fixture.role = {.status = 404};
  CHECK(fixture.ask().fault().is_absent());
  fixture.role = {.body = ""};
  const auto found = fixture.ask();
  CHECK(found.fault().is_absent());
  CHECK(found.fault().message == "the instance has no role");
}

TEST_CASE("each refusal of the instance's role is a fault") {
  InstanceFixture fixture;
  fixture.keys = "<html>";
  CHECK(fixture.ask().fault().is_transient());
  fixture.keys = R"({"Code":"Success"})";
  CHECK(fixture.ask().fault().message == "the answer has no AccessKeyId");
  fixture.keys = R"({"Code":"AssumeRoleUnauthorizedAccess","AccessKeyId":"k"})";
  CHECK(fixture.ask().fault().message == "the instance's role gives no credentials: AssumeRoleUnauthorizedAccess");
  fixture.fault = Fault::connection("refused");
  CHECK(fixture.ask().fault().is_transient());
}

TEST_CASE("a failed renewal is a fault as long as the old credentials hold") {
  InstanceFixture fixture;
  REQUIRE(fixture.ask().ok());
  fixture.fault = Fault::timeout("slow");
  fixture.scheduler.advance(Seconds(3600 - 121));
  CHECK_FALSE(fixture.ask().ok());
}

TEST_CASE("credentials that expire and cannot be renewed stay in use 10 to 15 minutes more, with a warning") {
  InstanceFixture fixture;
  REQUIRE(fixture.ask().ok());
  fixture.fault = Fault::timeout("slow");
  fixture.scheduler.advance(Seconds(3700));
  for (int i = 0; i < 3; ++i) {
    const auto found = fixture.ask();
    REQUIRE(found.ok());
    CHECK(found->access_key_id == "k");
    const Nanoseconds left = *found->expiration - fixture.scheduler.wall_now();
    CHECK(left >= Seconds(600));
    CHECK(left <= Seconds(900));
    fixture.scheduler.advance(Seconds(800));
  }
  CHECK(fixture.lines.count("WARN expired credentials stay in use") == 3);
}

TEST_CASE("expired credentials from the metadata service are used") {
  InstanceFixture fixture;
  fixture.renew(-Seconds(60));
  const auto found = fixture.ask();
  REQUIRE(found.ok());
  CHECK(*found->expiration - fixture.scheduler.wall_now() >= Seconds(600));
  CHECK(fixture.lines.count("instance metadata gave expired ones") == 1);
}

TEST_CASE("once metadata is back its credentials are used again") {
  InstanceFixture fixture;
  REQUIRE(fixture.ask().ok());
  fixture.scheduler.advance(Seconds(3700));
  fixture.fault = Fault::timeout("slow");
  REQUIRE(fixture.ask().ok());
  fixture.fault.reset();
  fixture.renew(Seconds(3600), "new");
  CHECK(fixture.ask()->access_key_id == "new");
}

TEST_CASE("expiry is judged by AWS's clock") {
  InstanceFixture fixture;
  REQUIRE(fixture.ask().ok());
  fixture.fault = Fault::timeout("slow");
  fixture.clock.set_offset("aws.example", Seconds(3600));
  CHECK(fixture.ask().ok());
}
