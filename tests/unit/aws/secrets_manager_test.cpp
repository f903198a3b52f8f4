#include "aws/secrets_manager.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include "aws/credentials/fixed_credentials.h"
#include "tests/unit/aws/credentials/fixture.h"

namespace sma {
namespace {

Credentials some_keys() {
  Credentials made;
  made.access_key_id = "AKIAFIXED";
  made.secret_access_key = SharedBytes("secret");
  return made;
}

struct Scene {
  ManualScheduler scheduler;
  FakeTransport transport{scheduler};
  AwsClock clock{scheduler};
  FixedRandom random;
  LogLines lines;
  Log log{&lines, LogLevel::info};
  AwsContext context{scheduler, clock, random, log};
  ApiClient api{transport, context, RetryPolicy{}};
  FixedCredentials base{some_keys()};
  FakeSts sts{scheduler};
  RoleCredentials roles{sts, base, context, {.session_name = "session", .max_roles = 20}};
  SecretsManager secrets_manager{scheduler,
                                 api,
                                 {.url = "https://aws.example",
                                  .scheme = "https",
                                  .host = "aws.example",
                                  .port = 443,
                                  .path = "",
                                  .host_field = "aws.example",
                                  .signing_region = "eu-west-1"},
                                 base,
                                 roles};
  FetchProgress progress{.deadline = scheduler.now() + Seconds(55)};
};

/// Bodies, given in order; `{}` once none is left.
std::function<FakeTransport::Answer(const SeenRequest&)> in_order(std::vector<std::string> bodies) {
  return [bodies = std::move(bodies), next = std::size_t{0}](const SeenRequest&) mutable {
    return FakeTransport::Answer{.body = next < bodies.size() ? bodies[next++] : "{}"};
  };
}

std::string arn(std::string_view name) {
  return "arn:aws:secretsmanager:eu-west-1:111122223333:secret:" + std::string(name) + "-AbCdEf";
}

std::string secret_body(std::string_view name, std::string_view version = "v1") {
  return R"({"ARN":")" + arn(name) + R"(","Name":")" + std::string(name) + R"(","VersionId":")" + std::string(version) +
         R"(","SecretString":"of )" + std::string(name) + R"("})";
}

}  // namespace

TEST_CASE("the answer of each operation has its own bound") {
  Scene scene;
  auto value = started(scene.scheduler, scene.secrets_manager.get_secret_value({"a", "", "", ""}, scene.progress));
  auto versions = started(scene.scheduler, scene.secrets_manager.describe_secret("a", "", scene.progress));
  auto batch = started(scene.scheduler, scene.secrets_manager.batch_get({"a"}, "", scene.progress));
  auto tagged = started(scene.scheduler, scene.secrets_manager.batch_get_tagged("t", "", "", scene.progress));
  std::vector<std::size_t> bounds;
  for (const SeenRequest& request : scene.transport.requests) bounds.push_back(request.max_answer_bytes);
  CHECK(bounds == std::vector<std::size_t>{1 << 20, 256 << 10, 8 << 20, 8 << 20});
}

TEST_CASE("one batch is under way at a time, and waiting for its turn costs the next one no time") {
  Scene scene;
  scene.transport.answer = [](const SeenRequest&) { return FakeTransport::Answer{.body = "{}", .after = Seconds(40)}; };
  FetchProgress other = scene.progress;
  auto first = started(scene.scheduler, scene.secrets_manager.batch_get({"a"}, "", scene.progress));
  auto second = started(scene.scheduler, scene.secrets_manager.batch_get_tagged("t", "", "", other));
  auto single = started(scene.scheduler, scene.secrets_manager.get_secret_value({"a", "", "", ""}, scene.progress));
  CHECK(scene.transport.requests.size() == 2);
  scene.scheduler.advance(Seconds(40));
  CHECK(first.take().ok());
  CHECK(scene.transport.requests.size() == 3);
  CHECK(other.deadline - scene.progress.deadline == Seconds(40));
  scene.scheduler.advance(Seconds(40));
  CHECK(second.take().ok());
}

TEST_CASE("after a batch is dropped the next one has its turn") {
  Scene scene;
  scene.transport.answer = [](const SeenRequest&) { return FakeTransport::Answer{.body = "{}", .after = Seconds(40)}; };
  auto first = started(scene.scheduler, scene.secrets_manager.batch_get({"a"}, "", scene.progress));
  auto dropped = started(scene.scheduler, scene.secrets_manager.batch_get({"b"}, "", scene.progress));
  auto last = started(scene.scheduler, scene.secrets_manager.batch_get({"c"}, "", scene.progress));
  dropped = {};
  first = {};
  scene.scheduler.run_until_idle();
  CHECK(scene.transport.requests.size() == 2);
}

TEST_CASE("the connection of an answer that cannot be read is closed, and no other") {
  struct Case {
    int status;
    std::string body;
    bool closed;
  };
  for (const auto& [status, body, closed] :
       {Case{200, R"({"Name":"a","SecretString":"s"})", false}, Case{200, R"({"Name":"a","SecretStr)", true},
        Case{200, R"({"Name":1})", true}, Case{200, "", true},
        Case{400, R"({"__type":"ResourceNotFoundException"})", false}, Case{400, "", false}, Case{400, "<html>", true},
        Case{501, "oops", true}, Case{302, "", true}}) {
    CAPTURE(status);
    CAPTURE(body);
    Scene scene;
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    const FileDescriptor ours(ends[0]);
    const FileDescriptor theirs(ends[1]);
    scene.transport.connection = ours.get();
    scene.transport.answer = [&](const SeenRequest&) { return FakeTransport::Answer{.status = status, .body = body}; };
    auto value = started(scene.scheduler, scene.secrets_manager.get_secret_value({"a", "", "", ""}, scene.progress));
    scene.scheduler.advance(Seconds(30));  // for retries
    REQUIRE(value.done());
    char byte = 0;
    CHECK((recv(theirs.get(), &byte, 1, 0) == 0) == closed);
  }
}

TEST_CASE("another secret's answer closes its connection, and the call is made once more on a new one") {
  Scene scene;
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
  const FileDescriptor ours(ends[0]);
  const FileDescriptor theirs(ends[1]);
  scene.transport.connection = ours.get();
  scene.transport.answer = in_order({secret_body("b"), secret_body("a")});
  auto value = started(scene.scheduler, scene.secrets_manager.get_secret_value({"a", "", "", ""}, scene.progress));
  const Result<SecretValue> got = value.take();
  REQUIRE(got.ok());
  CHECK(got->name == "a");
  REQUIRE(scene.transport.requests.size() == 2);
  CHECK_FALSE(scene.transport.requests[0].fresh_connection);
  CHECK(scene.transport.requests[1].fresh_connection);
  char byte = 0;
  CHECK(recv(theirs.get(), &byte, 1, 0) == 0);
  CHECK(scene.lines.count("WARN the answer belongs to another call") == 1);
}

TEST_CASE("another secret's answer twice is a ConnectionError that quotes nothing of it") {
  Scene scene;
  scene.transport.answer = [](const SeenRequest&) { return FakeTransport::Answer{.body = secret_body("hunter2")}; };
  auto value = started(scene.scheduler, scene.secrets_manager.get_secret_value({"a", "", "", ""}, scene.progress));
  const Result<SecretValue> got = value.take();
  REQUIRE_FALSE(got.ok());
  CHECK(got.fault().code == "ConnectionError");
  CHECK(got.fault().http_status == 502);
  CHECK(got.fault().is_transient());
  CHECK(got.fault().message.find("hunter2") == std::string::npos);
  CHECK(scene.transport.requests.size() == 2);
}

TEST_CASE("the secret, by name or ARN, and the version and stage that were asked for are compared") {
  struct Case {
    SecretKey key;
    std::string body;
    std::size_t calls;
  };
  for (const auto& [key, body, calls] :
       {Case{{"a", "", "", ""}, secret_body("a"), 1}, Case{{"a", "", "", ""}, R"({"SecretString":"s"})", 1},
        Case{{arn("a"), "", "", ""}, secret_body("a"), 1}, Case{{arn("a"), "", "", ""}, secret_body("b"), 2},
        Case{{"a", "v1", "", ""}, secret_body("a"), 1}, Case{{"a", "v2", "", ""}, secret_body("a"), 2},
        Case{{"a", "v2", "", ""}, R"({"Name":"a","VersionId":null,"SecretString":"s"})", 1},
        Case{{"a", "", "", ""}, R"({"Name":"a","VersionStages":["AWSCURRENT","x"],"SecretString":"s"})", 1},
        Case{{"a", "", "", ""}, R"({"Name":"a","VersionStages":["AWSPREVIOUS"],"SecretString":"s"})", 2},
        Case{{"a", "", "AWSPREVIOUS", ""}, R"({"Name":"a","VersionStages":["AWSPREVIOUS"],"SecretString":"s"})", 1},
        Case{{"a", "", "AWSPREVIOUS", ""}, R"({"Name":"a","VersionStages":["AWSCURRENT"],"SecretString":"s"})", 2},
        Case{{"a", "v1", "", ""}, R"({"Name":"a","VersionId":"v1","VersionStages":[],"SecretString":"s"})", 1},
        Case{{"a", "v1", "", ""}, R"({"Name":"a","VersionId":"v1","VersionStages":["x"],"SecretString":"s"})", 1}}) {
    CAPTURE(key.secret_id);
    CAPTURE(key.version_id);
    CAPTURE(body);
    Scene scene;
    scene.transport.answer = [&](const SeenRequest&) { return FakeTransport::Answer{.body = body}; };
    auto value = started(scene.scheduler, scene.secrets_manager.get_secret_value(key, scene.progress));
    CHECK(value.take().ok() == (calls == 1));
    CHECK(scene.transport.requests.size() == calls);
  }
}

TEST_CASE("a description of another secret is asked for once more") {
  Scene scene;
  scene.transport.answer = in_order({R"({"ARN":")" + arn("b") + R"(","VersionIdsToStages":{"v":[]}})",
                                     R"({"ARN":")" + arn("a") + R"(","VersionIdsToStages":{"w":[]}})"});
  auto versions = started(scene.scheduler, scene.secrets_manager.describe_secret(arn("a"), "", scene.progress));
  const Result<SecretVersions> got = versions.take();
  REQUIRE(got.ok());
  CHECK(got->versions.at(0).version_id == "w");
  CHECK(scene.transport.requests.size() == 2);
}

TEST_CASE("secrets and failures in a batch that nobody asked for are ignored, with a warning") {
  Scene scene;
  scene.transport.answer = in_order(
      {R"({"SecretValues":[)" + secret_body("a") + "," + secret_body("x") +
       R"(],"Errors":[{"SecretId":"b","ErrorCode":"ResourceNotFoundException"},{"SecretId":"y","ErrorCode":"Z"}]})"});
  auto batch = started(scene.scheduler, scene.secrets_manager.batch_get({"a", "b", "c"}, "", scene.progress));
  const Result<SecretBatch> got = batch.take();
  REQUIRE(got.ok());
  REQUIRE(got->values.size() == 1);
  CHECK(got->values[0].name == "a");
  REQUIRE(got->failures.size() == 1);
  CHECK(got->failures[0].secret_id == "b");
  CHECK(scene.lines.count("WARN secrets in a batch that nobody asked for are ignored") == 1);

  scene.transport.answer = in_order({R"({"SecretValues":[)" + secret_body("x") + "]}"});
  auto tagged = started(scene.scheduler, scene.secrets_manager.batch_get_tagged("t", "", "", scene.progress));
  CHECK(tagged.take()->values.size() == 1);
}

TEST_CASE("a refusal revokes a secret that is cached, and on a kept connection only once a new one has confirmed it") {
  struct Case {
    bool cached;
    bool kept;
    std::string code;
    std::size_t calls;
    bool revokes;
  };
  for (const auto& [cached, kept, code, calls, revokes] :
       {Case{true, true, "ResourceNotFoundException", 2, true}, Case{true, false, "ResourceNotFoundException", 1, true},
        Case{false, true, "ResourceNotFoundException", 1, false}, Case{true, true, "SomethingElse", 1, false},
        Case{true, true, "AccessDeniedException", 2, true}, Case{true, true, "IncompleteSignature", 1, false}}) {
    CAPTURE(cached);
    CAPTURE(kept);
    CAPTURE(code);
    Scene scene;
    scene.progress.cached = cached;
    scene.transport.answer = [&](const SeenRequest& request) {
      return FakeTransport::Answer{.status = 400,
                                   .body = R"({"__type":")" + code + R"("})",
                                   .on_kept_connection = kept && !request.fresh_connection};
    };
    auto value = started(scene.scheduler, scene.secrets_manager.get_secret_value({"a", "", "", ""}, scene.progress));
    const Result<SecretValue> got = value.take();
    REQUIRE_FALSE(got.ok());
    CHECK(got.fault().code == code);
    CHECK((got.fault().revoked == Fault::Revoked::secret) == revokes);
    CHECK(scene.transport.requests.size() == calls);
  }
}

TEST_CASE("a refusal that a new connection does not confirm was the answer to an earlier call") {
  Scene scene;
  scene.progress.cached = true;
  scene.transport.answer = [](const SeenRequest& request) {
    if (request.fresh_connection) return FakeTransport::Answer{.body = secret_body("a")};
    return FakeTransport::Answer{
        .status = 400, .body = R"({"__type":"ResourceNotFoundException"})", .on_kept_connection = true};
  };
  auto value = started(scene.scheduler, scene.secrets_manager.get_secret_value({"a", "", "", ""}, scene.progress));
  CHECK(value.take().ok());
  CHECK(scene.transport.requests.size() == 2);
}

}  // namespace sma
