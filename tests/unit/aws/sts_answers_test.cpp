#include "aws/sts_answers.h"

#include <doctest/doctest.h>

namespace sma {
namespace {

WipedBytes assumed(std::string_view expiration = "2026-01-31T12:00:00Z", std::string_view key = "s&amp;cret") {
  WipedBytes xml(R"(<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
  <AssumedRoleUser><AssumedRoleId>AROA:x</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/r/x</Arn></AssumedRoleUser>
  <Credentials><AccessKeyId>ASIAX</AccessKeyId><SecretAccessKey>)");
  xml.append(key);
  xml.append("</SecretAccessKey><SessionToken>to/k+en==</SessionToken><Expiration>");
  xml.append(expiration);
  xml.append("</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>");
  return xml;
}

}  // namespace

TEST_CASE("an assumed role's credentials are read, entities undone") {
  const auto role = read_assumed_role(assumed());
  REQUIRE(role.ok());
  CHECK(role->user_arn == "arn:aws:sts::123456789012:assumed-role/r/x");
  const Credentials* credentials = &role->credentials;
  CHECK(credentials->access_key_id == "ASIAX");
  CHECK(credentials->secret_access_key.view() == "s&cret");
  CHECK(credentials->session_token.view() == "to/k+en==");
  CHECK(credentials->expiration ==
        WallTime(std::chrono::sys_days(std::chrono::year{2026} / 1 / 31) + std::chrono::hours{12}));
}

TEST_CASE("the caller's account and ARN are read") {
  const auto identity = read_caller_identity(WipedBytes(
      "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/a</Arn>"
      "<UserId>AIDA</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"));
  REQUIRE(identity.ok());
  CHECK(identity->account == "123456789012");
  CHECK(identity->arn == "arn:aws:iam::123456789012:user/a");
}

TEST_CASE("an answer that lacks something may pass, and nothing of it is quoted") {
  for (auto* wrong :
       {"", "{}", "<html>hunter2</html>", "<Credentials><AccessKeyId>hunter2</AccessKeyId></Credentials>"}) {
    const auto credentials = read_assumed_role(WipedBytes(wrong));
    REQUIRE_FALSE(credentials.ok());
    CHECK(credentials.fault().code == "ConnectionError");
    CHECK(credentials.fault().is_transient());
    CHECK(credentials.fault().message.find("hunter2") == std::string::npos);
    CHECK_FALSE(read_caller_identity(WipedBytes(wrong)).ok());
  }
  CHECK_FALSE(read_assumed_role(assumed("tomorrow")).ok());
  CHECK_FALSE(read_assumed_role(assumed("2026-01-31T12:00:00Z", "")).ok());
}

}  // namespace sma
