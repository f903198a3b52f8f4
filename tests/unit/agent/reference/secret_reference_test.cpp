#include "agent/reference/secret_reference.h"

#include <doctest/doctest.h>

#include <string>

namespace sma {
namespace {

const std::string kArn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/db-AbCdEf";

std::string refusal(std::string_view text) {
  const auto read = read_reference(text);
  return read.ok() ? "" : read.fault().message;
}

TEST_CASE("a reference is a name or an ARN, and then a key, a stage and an id, each of which may be empty or missing") {
  for (const std::string& id : {kArn, std::string("prod/db"), std::string("a b"), std::string("arn"),
                                std::string("arn:aws-cn:secretsmanager:cn-north-1:000000000000:secret:x")}) {
    CAPTURE(id);
    struct Row {
      const char* more;
      SecretReference expected;
    };
    const Row rows[] = {{"", {}},
                        {":", {}},
                        {"::", {}},
                        {":::", {}},
                        {":password", {.json_key = "password"}},
                        {":password::", {.json_key = "password"}},
                        {":a.b.0", {.json_key = "a.b.0"}},
                        {"::AWSPREVIOUS", {.version_stage = "AWSPREVIOUS"}},
                        {"::AWSPREVIOUS:", {.version_stage = "AWSPREVIOUS"}},
                        {":::9d4cb84b", {.version_id = "9d4cb84b"}},
                        {":k:AWSPENDING:", {.json_key = "k", .version_stage = "AWSPENDING"}},
                        {":k::9d4cb84b", {.json_key = "k", .version_id = "9d4cb84b"}}};
    for (Row row : rows) {
      if (id == "arn" && *row.more != '\0') continue;  // begins an ARN
      CAPTURE(row.more);
      row.expected.secret_id = id;
      const auto read = read_reference(id + row.more);
      CHECK(refusal(id + row.more).empty());
      CHECK((read.ok() && *read == row.expected));
    }
  }
}

TEST_CASE("a name that looks like a reserved word follows secretsmanager:") {
  CHECK(*read_reference("secretsmanager:ssm:k") == SecretReference{.secret_id = "ssm", .json_key = "k"});
  CHECK(*read_reference("secretsmanager:arn:k") == SecretReference{.secret_id = "arn", .json_key = "k"});
  CHECK(*read_reference("secretsmanager:secretsmanager:k") ==
        SecretReference{.secret_id = "secretsmanager", .json_key = "k"});
  CHECK(*read_reference("secretsmanager:prod/db") == SecretReference{.secret_id = "prod/db"});
  CHECK(*read_reference("ssm") == SecretReference{.secret_id = "ssm"});
  CHECK(*read_reference("ssm/x:k") == SecretReference{.secret_id = "ssm/x", .json_key = "k"});
  CHECK(*read_reference("secretsmanager") == SecretReference{.secret_id = "secretsmanager"});
}

TEST_CASE("what is refused, and why") {
  struct Row {
    std::string text;
    const char* why;
  };
  const char* missing = "the secret's name is missing";
  const char* spaces = "there is white space around the secret's name";
  const char* control = "it has a control character";
  const char* many = "too many parts; after the name come JSON-KEY:VERSION-STAGE:VERSION-ID at most";
  const char* both = "a version stage and a version id exclude each other";
  const char* seven = "an ARN of a secret has seven parts: arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME";
  const char* no_secret = "this is not the ARN of a secret";
  const char* parameter = "parameters of Systems Manager are not served, only secrets";
  const char* ssm =
      "ssm: is reserved, and parameters of Systems Manager are not served; a secret of that name is written "
      "secretsmanager:ssm:…";
  const char* account = "the account of the ARN is not a number of 12 digits";
  const char* region = "the ARN has no partition or no region";
  const Row rows[] = {
      {"", missing},
      {":k", missing},
      {":::", missing},
      {"secretsmanager:", missing},
      {"secretsmanager::k", missing},
      {" a", spaces},
      {"a ", spaces},
      {"a :k", spaces},
      {" ", spaces},
      {"a\n", control},
      {"a:k\t", control},
      {std::string("a\0b", 3), control},
      {"a\x7f", control},
      {"a:k:s:i:x", many},
      {"a::::", many},
      {kArn + "::::", many},
      {kArn + ":k:::x", many},
      {"secretsmanager:" + kArn, many},
      {"a:k:AWSCURRENT:9d4cb84b", both},
      {"a::AWSCURRENT:9d4cb84b", both},
      {kArn + ":k:AWSCURRENT:9d4cb84b", both},
      {"ssm:x", ssm},
      {"ssm:", ssm},
      {"ssm:/a/b", ssm},
      {"arn:", missing},
      {"arn:k", seven},
      {"arn:aws:secretsmanager:eu-central-1:123456789012:secret", seven},
      {"arn:aws:secretsmanager:eu-central-1:123456789012:secret:", missing},
      {"arn:aws:secretsmanager:eu-central-1:123456789012:secret::k", missing},
      {"arn:aws:secretsmanager:eu-central-1:123456789012:Secret:x", no_secret},
      {"arn:aws:iam::123456789012:role:x:y", no_secret},
      {"arn:aws:s3:eu-central-1:123456789012:secret:x", no_secret},
      {"arn:aws:ssm:eu-central-1:123456789012:parameter:x", parameter},
      {"arn:aws:secretsmanager:eu-central-1:1234:secret:x", account},
      {"arn:aws:secretsmanager:eu-central-1::secret:x", account},
      {"arn:aws:secretsmanager:eu-central-1:12345678901x:secret:x", account},
      {"arn:aws:secretsmanager::123456789012:secret:x", region},
      {"arn::secretsmanager:eu-central-1:123456789012:secret:x", region},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(refusal(row.text).ends_with(std::string(": ") + row.why));
  }
}

TEST_CASE("a parameter's ARN, which has six parts, is refused as one") {
  CHECK(refusal("arn:aws:ssm:eu-central-1:123456789012:parameter/x")
            .ends_with(": parameters of Systems Manager are not served, only secrets"));
}

TEST_CASE("a refusal quotes the reference, in a form that fits one line") {
  CHECK(refusal("a\nb") == R"(the reference a\x0ab: it has a control character)");
}

}  // namespace
}  // namespace sma
