#include "agent/access_check.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "tests/unit/base/manual_scheduler.h"
#include "tests/unit/secrets/fake_source.h"

namespace sma {
namespace {

constexpr const char* kRole = "arn:aws:iam::111122223333:role/reader";

/// AWS, which refuses what a test says: by operation and what was asked.
struct Fixture {
  Fixture() {
    source.on_call = [this](const std::shared_ptr<FakeSource::Call>& call) { answer(*call); };
  }

  void answer(FakeSource::Call& call) {
    const auto found = refusals.find(call.operation + " " + call.key.secret_id);
    if (found != refusals.end()) return call.give(refusal(found->second));
    if (call.operation == "describe") return call.give(SecretVersions{});
    if (call.operation == "get") return call.give(secret(call.key.secret_id, "v1", "value"));
    SecretBatch batch;
    if (call.operation == "batch") {
      for (const std::string& id : call.ids) {
        if (failures.contains(id))
          batch.failures.push_back({id, failures.at(id)});
        else if (!missing.contains(id))
          batch.values.push_back(secret(id, "v1", "value"));
      }
    } else if (!call.token.empty()) {
      batch.values.push_back(secret("second", "v1", "value"));
    } else if (call.key.secret_id != "nowhere") {
      batch.values.push_back(secret("first", "v1", "value"));
      batch.next_token = "more";
    }
    call.give(Result<SecretBatch>(std::move(batch)));
  }

  std::string table(PrefetchSettings settings) {
    AccessCheck check(scheduler, source);
    Task<std::vector<AccessRow>> running = started(scheduler, check.run(std::move(settings)));
    REQUIRE(running.done());
    const std::vector<AccessRow> rows = running.take();
    refused = std::ranges::any_of(rows, &AccessRow::refused);
    return access_table(rows);
  }

  ManualScheduler scheduler;
  FakeSource source{scheduler};
  std::map<std::string, std::string> refusals;
  std::map<std::string, Fault> failures;
  std::map<std::string, int> missing;
  bool refused = false;
};

}  // namespace

TEST_CASE("listed secrets are tried as prefetch loads them, 20 a call, and described by their ARN") {
  Fixture aws;
  PrefetchSettings settings;
  for (int i = 0; i < 21; ++i) settings.secrets.push_back({"s" + std::to_string(i), ""});
  const std::string table = aws.table(settings);
  CHECK(table.starts_with("secret  read  describe  why not\ns0      yes   yes\n"));
  CHECK(std::ranges::count(table, '\n') == 22);
  CHECK_FALSE(aws.refused);
  CHECK(std::ranges::count(aws.source.calls, std::string("batch"), &FakeSource::Call::operation) == 2);
  CHECK(aws.source.calls.at(1)->key.secret_id == arn_of("s0"));
}

TEST_CASE("a refused batch is told, and its secrets are tried one by one") {
  Fixture aws;
  aws.refusals = {{"batch ", "AccessDeniedException"}, {"get b", "ResourceNotFoundException"}};
  CHECK(aws.table({.secrets = {{"a", ""}, {"b", ""}}}) ==
        "secret  read  describe  why not\n"
        "a       yes   yes       BatchGetSecretValue: AccessDeniedException: no\n"
        "b       no    yes       BatchGetSecretValue: AccessDeniedException: no; "
        "GetSecretValue: ResourceNotFoundException: no\n");
  CHECK(aws.refused);
}

TEST_CASE("what a batch refuses for good is not asked for again, all else it lacks is") {
  Fixture aws;
  aws.failures = {{"gone", refusal("ResourceNotFoundException")}, {"later", Fault::timeout("slow")}};
  aws.missing = {{"lost", 1}};
  CHECK(aws.table({.secrets = {{"gone", ""}, {"later", ""}, {"lost", ""}}}) ==
        "secret  read  describe  why not\n"
        "gone    no    yes       BatchGetSecretValue: ResourceNotFoundException: no\n"
        "later   yes   yes       BatchGetSecretValue: TimeoutError: slow\n"
        "lost    yes   yes\n");
  CHECK(aws.source.operations() == "batch describe get describe get describe");
}

TEST_CASE("a refusal of DescribeSecret counts") {
  Fixture aws;
  aws.refusals = {{"describe " + arn_of("a"), "AccessDeniedException"}};
  CHECK(aws.table({.secrets = {{"a", ""}}}) ==
        "secret  read  describe  why not\na       yes   no        DescribeSecret: AccessDeniedException: no\n");
  CHECK(aws.refused);
}

TEST_CASE("secrets of a tag are listed by their names, from all pages, and a tag without any says so") {
  Fixture aws;
  CHECK(aws.table({.filter_tags = {{"team", ""}, {"nowhere", ""}}}) ==
        "secret       read  describe  why not\n"
        "first        yes   yes\n"
        "second       yes   yes\n"
        "tag nowhere  -     -         no secret has this tag\n");
  CHECK_FALSE(aws.refused);
  aws.refusals = {{"tagged team", "AccessDeniedException"}};
  CHECK(aws.table({.filter_tags = {{"team", ""}}}).find("tag team  no    -") != std::string::npos);
  CHECK(aws.refused);
}

TEST_CASE("each role is tried with its own calls, and one that is no role with none") {
  Fixture aws;
  const std::string table = aws.table({.secrets = {{"a", kRole}, {"b", "reader"}}});
  CHECK(table.find("a as " + std::string(kRole) + "  yes") != std::string::npos);
  CHECK(table.find("b as reader") != std::string::npos);
  CHECK(table.find("role_arn is not arn:<partition>:iam::<account>:role/<name>") != std::string::npos);
  CHECK(aws.refused);
  CHECK(aws.source.operations() == "batch describe");
  for (const auto& call : aws.source.calls) CHECK(call->key.role_arn == kRole);
}

TEST_CASE("names and reasons cannot write what they like on a terminal") {
  CHECK(access_table({{.secret = "a\x1b[2J", .role_arn = "", .why_not = "b\nc"}}).find("\x1b") == std::string::npos);
}

}  // namespace sma
