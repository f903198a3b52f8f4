#include "aws/answer_identity.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace sma {
namespace {

std::string secret_arn(std::string_view rest, std::string_view account = "111122223333",
                       std::string_view region = "eu-west-1", std::string_view partition = "aws") {
  return "arn:" + std::string(partition) + ":secretsmanager:" + std::string(region) + ":" + std::string(account) +
         ":secret:" + std::string(rest);
}

bool same(std::string_view id, const SecretNames& names) { return is_of_secret(id, names, NamedBy::aws); }
bool same_at_override(std::string_view id, const SecretNames& names) {
  return is_of_secret(id, names, NamedBy::emulator);
}

}  // namespace

TEST_CASE("an answer to a name has this name, whatever its ARN is") {
  const std::string arn = secret_arn("db-AbCdEf");
  for (const NamedBy by : {NamedBy::aws, NamedBy::emulator}) {
    CHECK(is_of_secret("db", {arn, "db"}, by));
    CHECK(is_of_secret("db", {"", "db"}, by));
    CHECK(is_of_secret("db", {secret_arn("other-AbCdEf"), "db"}, by));
    CHECK(is_of_secret("team/db", {"", "team/db"}, by));
    for (const char* other : {"DB", "db ", "db-master", "db-AbCdEf", "d", "other"}) {
      CAPTURE(other);
      CHECK_FALSE(is_of_secret("db", {arn, other}, by));
    }
  }
}

TEST_CASE("what an answer lacks is not compared") {
  CHECK(same("db", {"", ""}));
  CHECK(same("db", {secret_arn("other-AbCdEf"), ""}));
  CHECK(same(secret_arn("db-AbCdEf"), {"", ""}));
  CHECK(same(secret_arn("db-AbCdEf"), {"", "other"}));
  CHECK(same_at_override(secret_arn("db-AbCdEf"), {secret_arn("other-AbCdEf"), ""}));
  CHECK(is_of_role("arn:aws:iam::111122223333:role/r", "s", "", NamedBy::aws));
}

TEST_CASE("an answer to an ARN has its account and resource, the random end left out or not, in any region") {
  const std::string id = secret_arn("db-AbCdEf");
  CHECK(same(id, {id, "db"}));
  CHECK(same(id, {secret_arn("db-AbCdEf", "111122223333", "us-east-1"), "db"}));
  CHECK(same(id, {secret_arn("db-AbCdEf", "111122223333", "cn-north-1", "aws-cn"), "db"}));
  CHECK(same(secret_arn("db"), {id, "db"}));
  CHECK(same(secret_arn("team/db"), {secret_arn("team/db-1a2B3c"), "team/db"}));
  CHECK(same(secret_arn("db-AbCdEf"), {secret_arn("db-AbCdEf-GhIjKl"), "db-AbCdEf"}));
  for (const std::string& other :
       {secret_arn("db-AbCdEf", "444455556666"), secret_arn("db-GhIjKl"), secret_arn("api-AbCdEf"), secret_arn("db"),
        secret_arn("DB-AbCdEf"), std::string("arn:aws:secretsmanager:eu-west-1:111122223333:other:db-AbCdEf"),
        std::string("db"), std::string("arn:aws")}) {
    CAPTURE(other);
    CHECK_FALSE(same(id, {other, "db"}));
  }
  for (const char* other : {"db-AbCdE", "db-AbCdEfg", "db_AbCdEf", "db-AbCd-f", "db-replica-AbCdEf"}) {
    CAPTURE(other);
    CHECK_FALSE(same(secret_arn("db"), {secret_arn(other), "db"}));
  }
}

TEST_CASE("at an endpoint override an answer to an ARN has its name, in any account") {
  const std::string arn = secret_arn("db-GhIjKl", "000000000000");
  CHECK(same_at_override(secret_arn("db-AbCdEf"), {arn, "db"}));
  CHECK(same_at_override(secret_arn("db"), {arn, "db"}));
  CHECK(same_at_override(secret_arn("db-AbCdEf"), {"", "db-AbCdEf"}));
  for (const char* other : {"api", "d", "db-GhIjKl", "DB"}) {
    CAPTURE(other);
    CHECK_FALSE(same_at_override(secret_arn("db-AbCdEf"), {secret_arn("db-AbCdEf"), other}));
  }
}

TEST_CASE("a role's keys are those of its account, of its name without the path, and of the session asked for") {
  const auto is_own = [](std::string_view user, NamedBy by = NamedBy::aws) {
    return is_of_role("arn:aws:iam::111122223333:role/team/Reader", "session", user, by);
  };
  CHECK(is_own("arn:aws:sts::111122223333:assumed-role/Reader/session"));
  CHECK(is_own("arn:aws:sts::111122223333:assumed-role/reader/session"));
  CHECK(is_own("arn:aws-cn:sts::111122223333:assumed-role/Reader/session"));
  CHECK(is_own("arn:aws:sts::111122223333:assumed-role/team/Reader/session"));
  CHECK(is_own("arn:aws:sts::000000000000:assumed-role/Reader/session", NamedBy::emulator));
  for (const char* other :
       {"arn:aws:sts::444455556666:assumed-role/Reader/session",
        "arn:aws:sts::111122223333:assumed-role/Writer/session", "arn:aws:sts::111122223333:assumed-role/Reader/other",
        "arn:aws:sts::111122223333:assumed-role/Reader/Session", "arn:aws:sts::111122223333:assumed-role/Reader",
        "arn:aws:sts::111122223333:x", "x"}) {
    CAPTURE(other);
    CHECK_FALSE(is_own(other));
  }
  CHECK_FALSE(is_own("arn:aws:sts::000000000000:assumed-role/Writer/session", NamedBy::emulator));
}

TEST_CASE("an emulator's stages are not compared, AWS's are") {
  const std::vector<std::string> previous{"AWSPREVIOUS"};
  CHECK_FALSE(is_of_version({"", ""}, {"v1", previous}, NamedBy::aws));
  CHECK(is_of_version({"", ""}, {"v1", previous}, NamedBy::emulator));
  CHECK_FALSE(is_of_version({"v2", ""}, {"v1", previous}, NamedBy::emulator));
}

}  // namespace sma
