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

TEST_CASE("a batch that is dropped gives its turn to the next") {
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

}  // namespace sma
