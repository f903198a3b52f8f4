#include "agent/secret_query.h"

#include <doctest/doctest.h>

namespace sma {
namespace {

constexpr const char* kBadRole = "invalid roleArn format, expected arn:<partition>:iam::<account>:role/<name>";

TEST_CASE("a query names a key, form-decoded") {
  SecretQuery query;
  CHECK_FALSE(
      query.read_query("secretId=a%2Fb+c%2Bd&versionId=v&versionStage=s&roleArn=arn:aws:iam::123456789012:role/"
                       "r&refreshNow=TRUE"));
  CHECK(query.key().secret_id == "a/b c+d");
  CHECK(query.key().version_id == "v");
  CHECK(query.key().version_stage == "s");
  CHECK(query.key().role_arn == "arn:aws:iam::123456789012:role/r");
  CHECK(query.refresh_now());
}

TEST_CASE("a path's id is percent-decoded and keeps its plus signs and slashes") {
  SecretQuery query;
  CHECK_FALSE(query.read_path("a/b%20c+d", "versionStage=x"));
  CHECK(query.key().secret_id == "a/b c+d");
  CHECK(query.key().version_stage == "x");
}

TEST_CASE("nothing of one request is left in the next") {
  SecretQuery query;
  CHECK_FALSE(query.read_query("secretId=a%20b&versionId=v&refreshNow=1&roleArn=arn:aws:iam::123456789012:role/r"));
  CHECK_FALSE(query.read_query("secretId=c"));
  CHECK(query.key() == SecretKeyView("c", "", "", ""));
  CHECK_FALSE(query.refresh_now());
}

TEST_CASE("of a repeated parameter the last counts, and empty pairs are skipped") {
  SecretQuery query;
  CHECK_FALSE(query.read_query("&&secretId=a&secretId=b&&refreshNow=1&refreshNow=0&"));
  CHECK(query.key().secret_id == "b");
  CHECK_FALSE(query.refresh_now());
}

TEST_CASE("what stands wrong first in the query is what the answer says") {
  SecretQuery query;
  CHECK(query.read_query("foo=1&refreshNow=x") == "unknown parameter: foo");
  CHECK(query.read_query("refreshNow=x&foo=1") == "invalid refreshNow value");
  CHECK(query.read_query("refreshNow") == "invalid refreshNow value");
  CHECK(query.read_query("secretid=a") == "unknown parameter: secretid");
  CHECK(query.read_query("=a") == "unknown parameter: ");
}

TEST_CASE("a parameter's name may be encoded") {
  SecretQuery query;
  CHECK_FALSE(query.read_query("%73ecretId=a"));
  CHECK(query.key().secret_id == "a");
  CHECK(query.read_query("a%20b=1") == "unknown parameter: a b");
}

TEST_CASE("an unknown parameter whose name is not plain text is named as it was written") {
  SecretQuery query;
  for (const char* name : {"%0d%0aX:%20y", "%00", "a%7Fb", "f%C3%B6o", "%ff"})
    CHECK(query.read_query(std::string(name) + "=1") == "unknown parameter: " + std::string(name));
}

TEST_CASE("an id that is missing or empty is said, after what is wrong with the query") {
  SecretQuery query;
  CHECK(query.read_query("") == "missing parameter secretId");
  CHECK(query.read_query("secretId=") == "missing parameter secretId");
  CHECK(query.read_query("versionId=x&foo=y") == "unknown parameter: foo");
  CHECK(query.read_path("", "foo=1") == "missing secret ID");
  CHECK(query.read_path("a", "secretId=b") == "unknown parameter: secretId");
}

TEST_CASE("a bad percent escape is refused wherever it stands") {
  SecretQuery query;
  for (const char* bad : {"secretId=%", "secretId=%4", "secretId=%zz", "secret%Id=a", "secretId=a&versionId=%1"})
    CHECK(query.read_query(bad) == "invalid percent-encoding");
  CHECK(query.read_path("%", "") == "invalid percent-encoding");
}

TEST_CASE("an id, version or stage that is no UTF-8 is refused by name") {
  SecretQuery query;
  for (const char* bytes : {"%FF", "a%80", "%C3", "%ED%A0%80", "%C0%AF", "%F4%90%80%80", "%E2%82"}) {
    const std::string value = bytes;
    CHECK(query.read_query("secretId=" + value) == "secret ID is not UTF-8");
    CHECK(query.read_path(value, "") == "secret ID is not UTF-8");
    CHECK(query.read_query("secretId=a&versionId=" + value) == "versionId is not UTF-8");
    CHECK(query.read_path("a", "versionStage=" + value) == "versionStage is not UTF-8");
  }
  CHECK(query.read_query("secretId=%FF&colour=red") == "secret ID is not UTF-8");
  CHECK(query.read_query("colour=red&secretId=%FF") == "unknown parameter: colour");
  CHECK(query.read_path("%FF", "colour=red") == "secret ID is not UTF-8");
  CHECK_FALSE(query.read_query("secretId=%F0%9F%94%91&versionStage=%C3%A9"));
}

TEST_CASE("a role that is no role's ARN is refused, an empty one too") {
  SecretQuery query;
  for (const char* role :
       {"", "r", "arn:aws:iam::12345678901:role/r", "arn:aws:iam::1234567890123:role/r",
        "arn:aws:iam::123456789012:role/", "arn::iam::123456789012:role/r", "arn:aws:iam::123456789012:user/u",
        "arn:aws:iam::123456789012:role/a%20b", "arn:aws:iam:eu:123456789012:role/r"})
    CHECK(query.read_query("secretId=a&roleArn=" + std::string(role)) == kBadRole);
  for (const char* role : {"arn:aws-us-gov:iam::123456789012:role/a/b_%2B=,.@-", "arn:aws-cn:iam::000000000000:role/r"})
    CHECK_FALSE(query.read_path("a", "roleArn=" + std::string(role)));
}

}  // namespace
}  // namespace sma
