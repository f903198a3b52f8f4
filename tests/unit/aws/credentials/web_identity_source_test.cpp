#include "aws/credentials/web_identity_source.h"

#include <doctest/doctest.h>

#include "tests/unit/aws/credentials/fixture.h"

using namespace sma;

namespace {

struct WebIdentityFixture : CredentialsFixture {
  Environment environment{Variables{}};

  Result<Credentials> ask(Variables variables) {
    environment = Environment(std::move(variables));
    WebIdentitySource source(environment, files, sts, clock);
    return load(source);
  }
};

}  // namespace

TEST_CASE("a token file is exchanged for the role's credentials") {
  WebIdentityFixture fixture;
  fixture.files.texts["/t"] = " token\n";
  const auto found =
      fixture.ask({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}, {"AWS_ROLE_ARN", "arn:r"}, {"AWS_ROLE_SESSION_NAME", "me"}});
  REQUIRE(found.ok());
  CHECK(found->access_key_id == "ROLE1");
  CHECK(found->source == "web identity");
  CHECK(fixture.sts.calls == std::vector<std::string>{"arn:r by token token"});
  CHECK(fixture.sts.requests[0].session_name == "me");
}

TEST_CASE("a session name is made of our name and the time if none is set") {
  WebIdentityFixture fixture;
  fixture.files.texts["/t"] = "token";
  REQUIRE(fixture.ask({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}, {"AWS_ROLE_ARN", "arn:r"}}).ok());
  CHECK(fixture.sts.requests[0].session_name == "secrets-manager-agent-1800000000");
}

TEST_CASE("the token file is read again at every exchange") {
  WebIdentityFixture fixture;
  const Variables variables{{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}, {"AWS_ROLE_ARN", "arn:r"}};
  fixture.files.texts["/t"] = "one";
  REQUIRE(fixture.ask(variables).ok());
  fixture.files.texts["/t"] = "two";
  REQUIRE(fixture.ask(variables).ok());
  CHECK(fixture.sts.calls[1] == "arn:r by token two");
}

TEST_CASE("no token file is nothing configured, even with a role") {
  WebIdentityFixture fixture;
  CHECK(fixture.ask({{"AWS_ROLE_ARN", "arn:r"}}).fault().is_absent());
}

TEST_CASE("each refusal of web identity is a fault that ends the search") {
  WebIdentityFixture fixture;
  CHECK(fixture.ask({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}}).fault().message ==
        "AWS_WEB_IDENTITY_TOKEN_FILE is set, but not AWS_ROLE_ARN");
  const Variables variables{{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}, {"AWS_ROLE_ARN", "arn:r"}};
  CHECK(fixture.ask(variables).fault().message == "cannot read /t: No such file or directory");
  fixture.files.texts["/t"] = "\n";
  CHECK(fixture.ask(variables).fault().message == "the token file /t is empty");
  fixture.files.texts["/t"] = "token";
  fixture.files.planted = {"/t"};
  CHECK(fixture.ask(variables).fault().message == "cannot read /t: planted");
  fixture.files.planted = {};
  fixture.sts.fault = Fault::of_aws(Fault::Kind::denied, 403, "AccessDenied", "not you");
  const auto refused = fixture.ask(variables);
  CHECK(refused.fault().is_denied());
  CHECK(refused.fault().message == "AssumeRoleWithWebIdentity of arn:r: AccessDenied: not you");
}

TEST_CASE("trouble of STS with a web identity may go away, and its status and code are not the client's") {
  WebIdentityFixture fixture;
  fixture.files.texts["/t"] = "token";
  const Variables variables{{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}, {"AWS_ROLE_ARN", "arn:r"}};
  const Fault rows[] = {Fault::of_aws(Fault::Kind::transient, 500, "InternalFailure", "oops"),
                        Fault::of_aws(Fault::Kind::lasting, 501, "NotImplemented", "oops"),
                        Fault::of_aws(Fault::Kind::transient, 504, "TimeoutError", "oops"),
                        Fault::of_aws(Fault::Kind::throttled, 400, "Throttling", "oops")};
  for (const Fault& row : rows) {
    fixture.sts.fault = row;
    const auto found = fixture.ask(variables);
    CHECK(found.fault().is_transient());
    CHECK_FALSE(found.fault().came_from_aws());
    CHECK(found.fault().http_status == 500);
    CHECK(found.fault().code == "InternalFailure");
    CHECK(found.fault().message == "AssumeRoleWithWebIdentity of arn:r: " + row.code + ": oops");
  }
  fixture.sts.fault = Fault::timeout("slow");
  CHECK(fixture.ask(variables).fault().http_status == 504);
}
