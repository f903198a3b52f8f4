#include "aws/api_client.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <set>

#include "aws/credentials/fixed_credentials.h"
#include "tests/unit/base/log_lines.h"
#include "tests/unit/base/manual_scheduler.h"

namespace sma {
namespace {

using namespace std::chrono_literals;

/// Always a half: waits are half of the longest.
class HalfRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    std::ranges::fill(bytes, std::uint8_t{0});
    bytes.back() = 0x80;  // the highest bits, as the machine counts
  }
};

struct Answer {
  int status = 200;
  std::string body = "{}";
  std::vector<std::pair<std::string, std::string>> fields{};
  std::optional<Fault> fault{};
  Nanoseconds after{0};
};

Answer refusal(std::string_view code, int status = 400) {
  return {.status = status, .body = R"({"__type":")" + std::string(code) + R"(","message":"m"})"};
}
Answer lost() { return {.fault = Fault::connection("reset")}; }

struct Sent {
  TimePoint at;
  bool fresh;
  std::string date;
  std::string authorization;
  std::string token;
};

/// Answers as a test says, in order; {} once nothing is left.
class ScriptedTransport final : public HttpTransport {
 public:
  explicit ScriptedTransport(ManualScheduler& scheduler) : scheduler_(scheduler) {}

  Task<Result<ClientResponse>> send(ClientRequest request) override {
    Sent seen{.at = scheduler_.now(), .fresh = request.fresh_connection, .date = {}, .authorization = {}, .token = {}};
    for (const ClientField& field : request.fields) {
      if (field.name == "X-Amz-Date") seen.date = field.value.view();
      if (field.name == "Authorization") seen.authorization = field.value.view();
      if (field.name == "X-Amz-Security-Token") seen.token = field.value.view();
    }
    sent.push_back(seen);
    Answer answer;
    if (!answers.empty()) {
      answer = answers.front();
      answers.pop_front();
    }
    ClientResponse response;
    response.wall_sent_at = scheduler_.wall_now();
    if (answer.after > Nanoseconds(0)) co_await scheduler_.sleep_until(scheduler_.now() + answer.after);
    if (answer.fault) co_return *answer.fault;
    response.wall_received_at = scheduler_.wall_now();
    response.status = answer.status;
    response.body.append(answer.body);
    for (const auto& [name, value] : answer.fields) response.fields.push_back({name, WipedBytes(value)});
    co_return response;
  }

  std::deque<Answer> answers;
  std::vector<Sent> sent;

 private:
  ManualScheduler& scheduler_;
};

Credentials keys(std::string id, std::string_view token = "") {
  Credentials made;
  made.access_key_id = std::move(id);
  made.secret_access_key = SharedBytes("secret");
  made.session_token = SharedBytes(token);
  return made;
}

/// Gives the keys of a list, the next at each renewal.
class RenewableCredentials final : public CredentialsProvider {
 public:
  explicit RenewableCredentials(std::vector<std::string> ids) : ids_(std::move(ids)) {}
  Task<Result<SharedCredentials>> get(TimePoint /*deadline*/) override { co_return current(); }
  Task<Result<SharedCredentials>> renew(SharedCredentials /*refused*/, TimePoint /*deadline*/) override {
    ++renewals;
    if (std::size_t(renewals) >= ids_.size()) co_return Fault::internal("no others");
    co_return current();
  }
  int renewals = 0;

 private:
  SharedCredentials current() {
    return std::make_shared<const Credentials>(keys(ids_[std::min(std::size_t(renewals), ids_.size() - 1)]));
  }
  std::vector<std::string> ids_;
};

std::string http_date(WallTime when) {
  const std::time_t time = std::chrono::duration_cast<Seconds>(when.time_since_epoch()).count();
  std::tm utc{};
  gmtime_r(&time, &utc);
  char text[40];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc)};
}

struct Scene {
  ManualScheduler scheduler;
  ScriptedTransport transport{scheduler};
  AwsClock clock{scheduler};
  HalfRandom random;
  LogLines lines;
  Log log{&lines, LogLevel::info};
  AwsContext context{scheduler, clock, random, log};
  ApiClient api{transport, context, RetryPolicy{}};
  FixedCredentials fixed{keys("AKIAFIXED")};

  Result<ClientResponse> call(CredentialsProvider* credentials, const std::string& host = "aws.example",
                              Nanoseconds time = Seconds(55)) {
    ApiCall made{.service = "secretsmanager",
                 .operation = "GetSecretValue",
                 .subject = "a",
                 .endpoint = {.url = "https://" + host,
                              .scheme = "https",
                              .host = host,
                              .port = 443,
                              .path = "",
                              .host_field = host,
                              .signing_region = "eu-west-1"},
                 .content_type = "application/x-amz-json-1.1",
                 .target = "secretsmanager.GetSecretValue",
                 .body = WipedBytes("{}")};
    auto running = started(scheduler, api.call(std::move(made), credentials, {.deadline = scheduler.now() + time}));
    while (!running.done() && scheduler.next_timer()) scheduler.advance_to(*scheduler.next_timer());
    return running.take();
  }
  Result<ClientResponse> call() { return call(&fixed); }
  /// An answer that says what time it is at AWS.
  Answer dated(std::string_view code, Nanoseconds offset) {
    Answer answer = refusal(code, 403);
    answer.fields.emplace_back("Date", http_date(scheduler.wall_now() + offset));
    return answer;
  }
};

}  // namespace

TEST_CASE("every attempt is signed again, after half of 1 and half of 2 seconds if AWS throttles") {
  Scene scene;
  scene.transport.answers = {refusal("ThrottlingException"), refusal("ThrottlingException"), {}};
  CHECK(scene.call().ok());
  const auto& sent = scene.transport.sent;
  REQUIRE(sent.size() == 3);
  CHECK(std::chrono::round<Milliseconds>(sent[1].at - sent[0].at) == 500ms);
  CHECK(std::chrono::round<Milliseconds>(sent[2].at - sent[1].at) == 1000ms);
  CHECK(sent[0].date != sent[2].date);
  CHECK(sent[0].authorization != sent[2].authorization);
}

TEST_CASE("what the third attempt is answered is the outcome, and one line tells it") {
  Scene scene;
  scene.transport.answers = {refusal("InternalServiceError", 500), lost(), refusal("ServiceUnavailable", 503)};
  const auto outcome = scene.call();
  REQUIRE_FALSE(outcome.ok());
  CHECK(outcome.fault().code == "ServiceUnavailable");
  CHECK(scene.transport.sent.size() == 3);
  CHECK(scene.lines.lines.size() == 1);
  CHECK(scene.lines.count("operation=GetSecretValue subject=a status=503 ") == 1);
  CHECK(scene.lines.count("attempts=3 error=ServiceUnavailable reason=m") == 1);
}

TEST_CASE("after a fault of the connection, and only then, the next attempt takes a new one") {
  Scene scene;
  scene.transport.answers = {refusal("InternalServiceError", 500), lost(), {}};
  CHECK(scene.call().ok());
  scene.transport.answers = {{.fault = Fault::timeout("late")}, {}};
  CHECK(scene.call().ok());
  // AWS may use the same words: the connection that brought them works.
  scene.transport.answers = {refusal("TimeoutError", 504), refusal("ConnectionError", 502), {}};
  CHECK(scene.call().ok());
  std::vector<bool> fresh;
  for (const Sent& each : scene.transport.sent) fresh.push_back(each.fresh);
  CHECK(fresh == std::vector<bool>{false, false, true, false, true, false, false, false});
}

TEST_CASE(
    "InvalidIdentityToken, which may have come too early, is tried again within the attempts, and stays a refusal") {
  Scene scene;
  scene.transport.answers = {refusal("InvalidIdentityToken"), {}};
  CHECK(scene.call().ok());
  CHECK(scene.transport.sent.size() == 2);
  for (int i = 0; i < 3; ++i) scene.transport.answers.push_back(refusal("InvalidIdentityToken"));
  const auto refused = scene.call();
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.fault().code == "InvalidIdentityToken");
  CHECK(refused.fault().is_denied());
  CHECK(scene.transport.sent.size() == 5);
}

TEST_CASE("a wait that would end at the deadline or later is not begun") {
  Scene scene;
  Answer slow = refusal("ThrottlingException");
  slow.fields.emplace_back("x-amz-retry-after", "3000");
  scene.transport.answers = {slow};
  const TimePoint begun = scene.scheduler.now();
  CHECK(scene.call(&scene.fixed, "aws.example", Seconds(3)).fault().code == "ThrottlingException");
  CHECK(scene.scheduler.now() == begun);
  scene.transport.answers = {slow};
  CHECK(scene.call(&scene.fixed, "aws.example", Milliseconds(3001)).ok());
}

TEST_CASE("while AWS fails the retries of all calls run out together, and a success pays back") {
  Scene scene;
  std::size_t calls = 0;
  do {
    scene.transport.answers = {lost(), lost(), lost()};
    scene.transport.sent.clear();
    CHECK_FALSE(scene.call().ok());
    ++calls;
  } while (scene.transport.sent.size() == 3);
  CHECK(calls == 18);  // 17 with two retries each, then there is one more
  CHECK(scene.transport.sent.size() == 2);
  scene.transport.answers.clear();
  for (int i = 0; i < 4; ++i) CHECK(scene.call().ok());
  scene.transport.answers = {lost()};
  CHECK(scene.call().ok());
}

TEST_CASE("refused keys are renewed once, for one more try") {
  for (const char* code :
       {"ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId"}) {
    Scene scene;
    RenewableCredentials renewable({"FIRST", "SECOND", "THIRD"});
    scene.transport.answers = {refusal(code), {}};
    CHECK(scene.call(&renewable).ok());
    CHECK(renewable.renewals == 1);
    REQUIRE(scene.transport.sent.size() == 2);
    CHECK(scene.transport.sent[0].authorization.find("=FIRST/") != std::string::npos);
    CHECK(scene.transport.sent[1].authorization.find("=SECOND/") != std::string::npos);
    CHECK(scene.transport.sent[1].at == scene.transport.sent[0].at);
  }
}

TEST_CASE("renewed keys that are refused too, and keys that cannot be renewed, are AWS's refusal") {
  Scene scene;
  RenewableCredentials renewable({"FIRST", "SECOND", "THIRD"});
  scene.transport.answers = {refusal("ExpiredTokenException"), refusal("ExpiredTokenException"), {}};
  CHECK(scene.call(&renewable).fault().code == "ExpiredTokenException");
  CHECK(scene.transport.sent.size() == 2);
  CHECK(renewable.renewals == 1);
  scene.transport.sent.clear();
  scene.transport.answers = {refusal("ExpiredTokenException")};
  CHECK(scene.call().fault().message == "m");
  CHECK(scene.transport.sent.size() == 1);
}

TEST_CASE("a call that is not signed renews nothing") {
  Scene scene;
  scene.transport.answers = {refusal("ExpiredTokenException")};
  CHECK(scene.call(nullptr).fault().is_expired());
  REQUIRE(scene.transport.sent.size() == 1);
  CHECK(scene.transport.sent[0].authorization.empty());
}

TEST_CASE("a clock more than 4 minutes off is corrected, and the call repeated once") {
  for (const auto& [code, offset] :
       {std::pair{"InvalidSignatureException", 241s}, std::pair{"SignatureDoesNotMatch", -241s},
        std::pair{"AuthFailure", 3600s}, std::pair{"RequestTimeTooSkewed", -86400s}, std::pair{"RequestExpired", 500s},
        std::pair{"RequestInTheFuture", -500s}, std::pair{"AccessDeniedException", 300s}}) {
    CAPTURE(std::string(code));
    Scene scene;
    scene.transport.answers = {scene.dated(code, offset), {}};
    CHECK(scene.call().ok());
    REQUIRE(scene.transport.sent.size() == 2);
    CHECK(scene.transport.sent[1].date != scene.transport.sent[0].date);
    CHECK(scene.clock.now() - scene.scheduler.wall_now() == offset);
    // Known from now on, and not corrected again though AWS says no for another reason.
    scene.transport.answers = {scene.dated(code, offset)};
    CHECK_FALSE(scene.call().ok());
    CHECK(scene.transport.sent.size() == 3);
  }
}

TEST_CASE("a clock within 4 minutes, an answer from a cache, one without a date, and other codes correct nothing") {
  Scene scene;
  Answer aged = scene.dated("InvalidSignatureException", 3600s);
  aged.fields.emplace_back("Age", "0");
  Answer undated = refusal("InvalidSignatureException", 403);
  Answer unreadable = undated;
  unreadable.fields.emplace_back("Date", "yesterday");
  for (const Answer& answer :
       {scene.dated("InvalidSignatureException", 240s), scene.dated("InvalidSignatureException", -240s), aged, undated,
        unreadable, scene.dated("ResourceNotFoundException", 3600s)}) {
    scene.transport.sent.clear();
    scene.transport.answers = {answer};
    CHECK_FALSE(scene.call().ok());
    CHECK(scene.transport.sent.size() == 1);
    CHECK(scene.clock.now() == scene.scheduler.wall_now());
  }
}

TEST_CASE("a clock is corrected once a call, and for each endpoint by itself") {
  Scene scene;
  scene.transport.answers = {scene.dated("RequestExpired", 3600s), scene.dated("RequestExpired", 7200s)};
  CHECK_FALSE(scene.call().ok());
  CHECK(scene.transport.sent.size() == 2);
  scene.transport.answers = {};
  CHECK(scene.call(&scene.fixed, "other.example").ok());
  CHECK(scene.call().ok());
  const auto& sent = scene.transport.sent;
  CHECK(sent[2].date == sent[0].date);
  CHECK(sent[3].date == sent[1].date);
}

TEST_CASE("the time at AWS is compared with the middle of the round trip") {
  Scene scene;
  Answer slow =
      scene.dated("RequestExpired", 250s);  // the clock is right: the answer took 10 s to be dated, 10 to come
  slow.after = 20s;
  scene.transport.answers = {slow, {}};
  CHECK_FALSE(scene.call().ok());
  slow = scene.dated("RequestExpired", 251s);
  slow.after = 20s;
  scene.transport.answers = {slow, {}};
  CHECK(scene.call().ok());
  CHECK(scene.clock.now() - scene.scheduler.wall_now() == 241s);
}

TEST_CASE("a signature that AWS quotes reaches neither client nor log") {
  FixedCredentials lasting(keys("AKIALASTING", ""));
  Scene scene;
  Answer answer{
      .status = 403,
      .body = R"({"__type":"IncompleteSignatureException","message":"bad: 'Signature=0123456789abcdef', 2"})"};
  scene.transport.answers = {answer};
  const auto outcome = scene.call(&lasting);
  REQUIRE_FALSE(outcome.ok());
  CHECK(outcome.fault().message == "bad: 'Signature=', 2");
  CHECK(scene.lines.count("0123456789abcdef") == 0);
}

TEST_CASE("a session token that AWS quotes reaches neither client nor log") {
  const std::string token = "IQoJb3JpZ2luX2VjEXAMPLETOKEN+/==";
  FixedCredentials temporary(keys("ASIATEMPORARY", token));
  Scene scene;
  Answer answer{.status = 403,
                .body = R"({"__type":"InvalidSignatureException","message":"should have been x-amz-security-token:)" +
                        token + " and " + token + R"(."})"};
  scene.transport.answers = {answer};
  const auto outcome = scene.call(&temporary);
  REQUIRE_FALSE(outcome.ok());
  CHECK(outcome.fault().message == "should have been x-amz-security-token:(session token) and (session token).");
  CHECK(scene.transport.sent[0].token == token);
  CHECK(scene.lines.count(token) == 0);
}

TEST_CASE("what AWS quotes is removed from the code too, and from a text that was cut") {
  const std::string token = "IQoJb3JpZ2luX2VjEXAMPLETOKEN+/==" + std::string(2000, 't');
  FixedCredentials temporary(keys("ASIATEMPORARY", token));
  for (const std::size_t before : {std::size_t{0}, std::size_t{4000}, 4096 - token.size() + 1}) {
    CAPTURE(before);
    Scene scene;
    const std::string quoting = std::string(before, 'x') + token;
    scene.transport.answers = {
        {.status = 403, .body = R"({"__type":")" + quoting + R"(","message":")" + quoting + R"("})"}};
    const auto outcome = scene.call(&temporary);
    REQUIRE_FALSE(outcome.ok());
    CHECK(outcome.fault().message == std::string(before, 'x') + "(session token)");
    CHECK(outcome.fault().code == std::string(before, 'x') + "(session token)");
  }
}

TEST_CASE("a long error text is cut before it is searched: megabytes of signatures cost nothing") {
  FixedCredentials lasting(keys("AKIALASTING", ""));
  std::string signatures;
  while (signatures.size() < 2'300'000) signatures += "Signature=0";
  Scene scene;
  scene.transport.answers = {{.status = 403, .body = R"({"__type":"Any","message":")" + signatures + R"("})"}};
  const auto outcome = scene.call(&lasting);
  REQUIRE_FALSE(outcome.ok());
  CHECK(outcome.fault().message.size() <= 4096);
  CHECK(outcome.fault().message.starts_with("Signature=Signature="));
}

TEST_CASE("calls are counted by operation and outcome, with their time, their retries and the last success") {
  Scene scene;
  const auto& record = scene.api.record();
  CHECK_FALSE(record.last_success);
  scene.transport.answers = {lost(), Answer{.after = Milliseconds{40}}, refusal("ResourceNotFoundException")};
  CHECK(scene.call(&scene.fixed).ok());
  CHECK(record.last_success == scene.scheduler.wall_now());
  const WallTime success = *record.last_success;
  CHECK_FALSE(scene.call(&scene.fixed).ok());
  const CallRecord::Operation& operation = record.operations.at("GetSecretValue");
  CHECK(operation.outcomes.ok == 1);
  CHECK(operation.outcomes.error == 1);
  CHECK(operation.durations.sum() >= Milliseconds{40});
  CHECK(record.retries == 1);
  CHECK(record.last_success == success);
}

}  // namespace sma
