#include "aws/requests.h"

#include <doctest/doctest.h>

#include <vector>

namespace sma {

TEST_CASE("GetSecretValue names the secret, and version and stage if they are given") {
  CHECK(get_secret_value_body({.secret_id = "prod/db", .version_id = {}, .version_stage = {}, .role_arn = {}}).view() ==
        R"({"SecretId":"prod/db"})");
  CHECK(get_secret_value_body({.secret_id = "a\"b\n",
                               .version_id = "v",
                               .version_stage = "AWSPREVIOUS",
                               .role_arn = "arn:aws:iam::1:role/x"})
            .view() == R"({"SecretId":"a\"b\n","VersionId":"v","VersionStage":"AWSPREVIOUS"})");
}

TEST_CASE("DescribeSecret names the secret") { CHECK(describe_secret_body("x").view() == R"({"SecretId":"x"})"); }

TEST_CASE("BatchGetSecretValue lists ids, or filters by one tag key and goes on from a page's token") {
  CHECK(batch_get_body(std::vector<std::string>{"a", "b"}).view() == R"({"SecretIdList":["a","b"]})");
  CHECK(batch_get_tagged_body("team", "").view() == R"({"Filters":[{"Key":"tag-key","Values":["team"]}]})");
  CHECK(batch_get_tagged_body("team", "t").view() ==
        R"({"Filters":[{"Key":"tag-key","Values":["team"]}],"NextToken":"t"})");
}

TEST_CASE("STS calls are forms") {
  CHECK(get_caller_identity_body().view() == "Action=GetCallerIdentity&Version=2011-06-15");
  CHECK(assume_role_body({.role_arn = "arn:aws:iam::123456789012:role/r+x",
                          .session_name = "secrets-manager-agent",
                          .external_id = "",
                          .duration = std::nullopt})
            .view() ==
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr%2Bx"
        "&RoleSessionName=secrets-manager-agent");
  CHECK(
      assume_role_body({.role_arn = "r", .session_name = "s", .external_id = "e f", .duration = Seconds{900}}).view() ==
      "Action=AssumeRole&Version=2011-06-15&RoleArn=r&RoleSessionName=s&DurationSeconds=900&ExternalId=e%20f");
  CHECK(web_identity_body({.role_arn = "r", .session_name = "s", .external_id = "", .duration = std::nullopt},
                          WipedBytes("a.b=&"))
            .view() ==
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=r&RoleSessionName=s&WebIdentityToken=a.b%3D%26");
}

}  // namespace sma
