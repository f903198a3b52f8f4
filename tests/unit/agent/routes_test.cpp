#include "agent/routes.h"

#include <doctest/doctest.h>

#include <vector>

#include "tests/unit/secrets/store_fixture.h"

namespace sma {
namespace {

using std::string_literals::operator""s;

/// The checks of specification §1.3 in their order, each with how a request is made to fail it.
enum Check : std::size_t {
  kLimit,
  kForwarded,
  kToken,
  kMethod,
  kPath,
  kPathId,
  kParameter,
  kRefreshNow,
  kSecretId,
  kRole,
  kChecks
};

const std::vector<std::string> kAnswers{
    "429 Connection limit exceeded",
    "400 Forwarded",
    "403 Bad Token",
    "405 Not allowed",
    "404 Not found",
    "400 missing secret ID",
    "400 unknown parameter: colour",
    "400 invalid refreshNow value",
    "400 missing parameter secretId",
    "400 invalid roleArn format, expected arn:<partition>:iam::<account>:role/<name>",
};

struct RoutesFixture : StoreFixture {
  SsrfGuard guard{scheduler, log, {"X-Token"}, SharedBytes("token")};
  Routes routes{scheduler, store, guard, log, "/v1/"};

  /// Status and body of an answer at hand; "fetch" where the secret would be fetched.
  std::string ask(const ServerRequest& request) {
    auto answer = routes.handle(request);
    const auto* response = std::get_if<ServerResponse>(&answer);
    if (response == nullptr) return "fetch";
    return std::to_string(response->status) + " " + std::string(response->body.view());
  }

  std::string ask(std::string_view path, std::string_view query = {}, std::string_view method = "GET",
                  Admission admission = Admission::regular, bool with_token = true) {
    ServerRequest request;
    request.method = method;
    request.path = path;
    request.query = query;
    request.admission = admission;
    if (with_token) request.add_field({"X-Token", "token"});
    return ask(request);
  }

  /// What a request is answered that fails these checks.
  std::string failing(std::vector<Check> checks) {
    const auto fails = [&](Check check) { return std::ranges::find(checks, check) != checks.end(); };
    std::string query;
    if (!fails(kSecretId) && !fails(kPathId)) query += "secretId=a&";
    if (fails(kParameter)) query += "colour=red&";
    if (fails(kRefreshNow)) query += "refreshNow=maybe&";
    if (fails(kRole)) query += "roleArn=nobody&";
    ServerRequest request;
    request.method = fails(kMethod) ? "POST" : "GET";
    request.path = fails(kPath) ? "/nothing" : fails(kPathId) ? "/v1/" : "/secretsmanager/get";
    request.query = query;
    if (fails(kLimit)) request.admission = Admission::refused;
    if (fails(kForwarded)) request.add_field({"X-Forwarded-For", "10.0.0.1"});
    request.add_field({"X-Token", fails(kToken) ? "wrong" : "token"});
    return ask(request);
  }
};

TEST_CASE("each check answers, and of any two the earlier one") {
  RoutesFixture fixture;
  REQUIRE(kAnswers.size() == kChecks);
  for (std::size_t first = 0; first < kChecks; ++first) {
    for (std::size_t second = first; second < kChecks; ++second) {
      CAPTURE(kAnswers[first]);
      CAPTURE(kAnswers[second]);
      CHECK(fixture.failing({Check(first), Check(second)}) == kAnswers[first]);
    }
  }
  CHECK(fixture.failing({}) == "fetch");
}

TEST_CASE("the handler of the socket makes the same checks, except that a token may be missing") {
  RoutesFixture fixture;
  const auto ask = [&](std::string_view path, std::string_view token, std::string_view method = "GET") {
    ServerRequest request;
    request.method = method;
    request.path = path;
    if (!token.empty()) request.add_field({"X-Token", token});
    auto answer = fixture.routes.local().handle(request);
    const auto* response = std::get_if<ServerResponse>(&answer);
    if (response == nullptr) return "fetch"s;
    CHECK(response->client_is_known == (response->status != 403 && path != "/ping"));
    return std::to_string(response->status) + " " + std::string(response->body.view());
  };
  CHECK(ask("/v1/a", "") == "fetch");
  CHECK(ask("/v1/a", "token") == "fetch");
  CHECK(ask("/v1/a", "wrong") == "403 Bad Token");
  CHECK(ask("/v1/a", "", "POST") == "405 Not allowed");
  CHECK(ask("/nothing", "") == "404 Not found");
  CHECK(ask("/ping", "") == "200 healthy");
}

TEST_CASE("a ping is checked for its place and its method only") {
  RoutesFixture fixture;
  using enum Admission;
  CHECK(fixture.ask("/ping", "colour=%zz", "GET", regular, false) == "200 healthy");
  CHECK(fixture.ask("/ping", "", "GET", ping_only, false) == "200 healthy");
  CHECK(fixture.ask("/ping", "", "HEAD", regular, false) == "200 healthy");
  CHECK(fixture.ask("/ping", "", "GET", refused, false) == "429 Connection limit exceeded");
  CHECK(fixture.ask("/ping", "", "POST", regular, false) == "405 Not allowed");
  CHECK(fixture.ask("/ping", "", "POST", ping_only, false) == "405 Not allowed");
  CHECK(fixture.ask("/ping", "", "POST", refused, false) == "429 Connection limit exceeded");
  CHECK(fixture.ask("/v1/a", "", "GET", ping_only) == "429 Connection limit exceeded");
  ServerRequest forwarded;
  forwarded.method = "GET";
  forwarded.path = "/ping";
  forwarded.add_field({"X-Forwarded-For", "10.0.0.1"});
  CHECK(fixture.ask(forwarded) == "200 healthy");
}

TEST_CASE(
    "a client is known once a request of it carried the token, whatever was wrong besides; a ping shows nothing") {
  RoutesFixture fixture;
  const auto is_known = [&](std::string_view path, std::string_view token, std::string_view method = "GET") {
    ServerRequest request;
    request.method = method;
    request.path = path;
    request.add_field({"X-Token", token});
    auto answer = fixture.routes.handle(request);
    const auto* response = std::get_if<ServerResponse>(&answer);
    return response == nullptr || response->client_is_known;
  };
  for (const char* path : {"/v1/a", "/v1/", "/nothing", "/secretsmanager/get"}) {
    CHECK(is_known(path, "token"));
    CHECK_FALSE(is_known(path, "wrong"));
  }
  CHECK(is_known("/v1/a", "token", "POST"));
  CHECK_FALSE(is_known("/ping", "token"));
}

TEST_CASE("/status needs the token, and is no request of its own unless it is served") {
  RoutesFixture fixture;
  CHECK(fixture.ask("/status") == "404 Not found");
  fixture.routes.serve_status([] { return SharedBytes("{}"); });
  CHECK(fixture.ask("/status") == "200 {}");
  CHECK(fixture.ask("/status", "", "HEAD") == "200 {}");
  CHECK(fixture.ask("/status", "", "POST") == "405 Not allowed");
  CHECK(fixture.ask("/status", "", "GET", Admission::regular, false) == "403 Bad Token");
  CHECK(fixture.ask("/status/") == "404 Not found");
  Routes routes(fixture.scheduler, fixture.store, fixture.guard, fixture.log, "/");
  ServerRequest request;
  request.method = "GET";
  request.path = "/status";
  request.add_field({"X-Token", "token"});
  CHECK(std::holds_alternative<Task<ServerResponse>>(routes.handle(request)));
}

TEST_CASE("/ready is answered in the places of a ping, without a token") {
  RoutesFixture fixture;
  using enum Admission;
  CHECK(fixture.ask("/ready", "", "GET", regular, false) == "403 Bad Token");
  CHECK(fixture.ask("/ready", "", "GET", ping_only, false) == "429 Connection limit exceeded");
  bool ready = false;
  fixture.routes.serve_ready([&] { return ready; });
  CHECK(fixture.ask("/ready", "", "GET", regular, false) == "503 not ready");
  ready = true;
  CHECK(fixture.ask("/ready", "colour=%zz", "HEAD", ping_only, false) == "200 ready");
  CHECK(fixture.ask("/ready", "", "POST", regular, false) == "405 Not allowed");
  CHECK(fixture.ask("/ready", "", "GET", refused, false) == "429 Connection limit exceeded");
  CHECK(fixture.ask("/ready/", "", "GET", regular, false) == "403 Bad Token");
  ServerRequest forwarded;
  forwarded.method = "GET";
  forwarded.path = "/ready";
  forwarded.add_field({"X-Forwarded-For", "10.0.0.1"});
  CHECK(fixture.ask(forwarded) == "200 ready");
}

TEST_CASE("only the exact path is a ping") {
  RoutesFixture fixture;
  for (const char* path : {"/Ping", "/ping/", "//ping", "/%70ing", "/ping%00", "/pingx", "/", "*"}) {
    CHECK(fixture.ask(path, "", "GET", Admission::regular, false) == "403 Bad Token");
    CHECK(fixture.ask(path) == "404 Not found");
  }
}

TEST_CASE("a path asks for what follows the prefix, whatever it is") {
  RoutesFixture fixture;
  for (const char* path : {"/v1/a", "/v1//", "/v1/../ping", "/v1/v1/", "/v1/%2F", "/v1/+"})
    CHECK(fixture.ask(path) == "fetch");
  for (const char* path : {"/v1", "/V1/a", "/v2/a", "/secretsmanager/get/", "/secretsmanager/getx", "/secretsmanager"})
    CHECK(fixture.ask(path, "secretId=a") == "404 Not found");
}

TEST_CASE("a prefix that covers the fixed paths leaves them as they are") {
  RoutesFixture fixture;
  Routes routes(fixture.scheduler, fixture.store, fixture.guard, fixture.log, "/");
  ServerRequest request;
  request.method = "GET";
  request.path = "/ping";
  auto ping = routes.handle(request);
  CHECK(std::get<ServerResponse>(ping).body.view() == "healthy");
  request.path = "/secretsmanager/get";
  request.add_field({"X-Token", "token"});
  auto get = routes.handle(request);
  CHECK(std::get<ServerResponse>(get).body.view() == "missing parameter secretId");
}

TEST_CASE("a cached secret is at hand as JSON, refreshNow fetches it") {
  RoutesFixture fixture;
  fixture.cache("a/b", "v1", "text");
  const std::string cached = fixture.ask("/v1/a/b");
  CHECK(cached.starts_with("200 "));
  CHECK(fixture.ask("/secretsmanager/get", "secretId=a%2Fb&refreshNow=false") == cached);
  CHECK(fixture.ask("/v1/a/b", "refreshNow=1") == "fetch");
  CHECK(fixture.ask("/v1/a/b", "versionStage=AWSPENDING") == "fetch");
}

TEST_CASE("a fault is answered in JSON that any reader can take, whatever is in it") {
  const ServerResponse response =
      fault_answer(Fault::of_aws(Fault::Kind::denied, 400, "AccessDeniedException", "no \"a\\b\" \n\x01 \0 for é"s));
  CHECK(response.status == 400);
  CHECK(response.content_type == "application/json");
  CHECK(response.body.view() ==
        "{\"__type\":\"AccessDeniedException\",\"message\":\"no \\\"a\\\\b\\\" \\n\\u0001 \\u0000 for é\"}");
}

TEST_CASE("a fault is answered in JSON also if its text has lone surrogates or bytes that are no UTF-8") {
  const ServerResponse response =
      fault_answer(Fault::of_aws(Fault::Kind::denied, 400, "A\xFF", "\xED\xA0\x80 and \xC3("));
  CHECK(response.body.view() == "{\"__type\":\"A\xEF\xBF\xBD\",\"message\":\"\\ud800 and \xEF\xBF\xBD(\"}");
}

TEST_CASE("connections that a fault of the machine closes are one line a minute, with their number") {
  RoutesFixture fixture;
  const Fault fault = Fault::internal("no room");
  fixture.routes.lost(fault);
  CHECK(fixture.lines.count("connection closed") == 1);
  for (int i = 0; i < 5; ++i) fixture.routes.lost(fault);
  fixture.scheduler.advance(Seconds(60));
  CHECK(fixture.lines.count("connection closed") == 1);
  fixture.routes.lost(fault);
  CHECK(fixture.lines.count("connection closed") == 2);
  CHECK(fixture.lines.count("connections=6") == 1);
}

TEST_CASE("a client is answered 58 seconds after its request, and not before") {
  RoutesFixture fixture;
  ServerRequest request;
  request.method = "GET";
  request.path = "/v1/a";
  request.add_field({"X-Token", "token"});
  auto answer = fixture.routes.handle(request);
  auto client = started(fixture.scheduler, std::move(std::get<Task<ServerResponse>>(answer)));
  fixture.scheduler.advance(Seconds(58) - Nanoseconds(1));
  CHECK_FALSE(client.done());
  fixture.scheduler.advance(Nanoseconds(1));
  REQUIRE(client.done());
  const ServerResponse response = client.take();
  CHECK(response.status == 504);
  CHECK(response.body.view().starts_with(R"({"__type":"TimeoutError","message":")"));
}

TEST_CASE("/metrics needs no token, is refused to proxies, and has no place over the limit") {
  RoutesFixture fixture;
  using enum Admission;
  CHECK(fixture.ask("/metrics") == "404 Not found");
  fixture.routes.serve_metrics([] { return SharedBytes("a 1\n"); });
  CHECK(fixture.ask("/metrics", "colour=red", "GET", regular, false) == "200 a 1\n");
  CHECK(fixture.ask("/metrics", "", "HEAD", regular, false) == "200 a 1\n");
  CHECK(fixture.ask("/metrics", "", "POST", regular, false) == "405 Not allowed");
  CHECK(fixture.ask("/metrics", "", "GET", ping_only, false) == "429 Connection limit exceeded");
  CHECK(fixture.ask("/metrics/", "", "GET", regular, false) == "403 Bad Token");
  ServerRequest request;
  request.method = "GET";
  request.path = "/metrics";
  const auto answer = fixture.routes.handle(request);
  CHECK_FALSE(std::get<ServerResponse>(answer).client_is_known);
  request.add_field({"Forwarded", "for=10.0.0.1"});
  CHECK(fixture.ask(request) == "400 Forwarded");
}

TEST_CASE("requests that are refused before they are looked at are counted by reason") {
  RoutesFixture fixture;
  CHECK(fixture.ask("/v1/a", "", "GET", Admission::refused) == "429 Connection limit exceeded");
  CHECK(fixture.ask("/v1/a", "", "GET", Admission::regular, false) == "403 Bad Token");
  CHECK(fixture.ask("/v1/a", "", "POST") == "405 Not allowed");
  fixture.routes.refused(400, "no HTTP");
  fixture.routes.refused(400, "no HTTP");
  CHECK(fixture.routes.counts().over_limit == 1);
  CHECK(fixture.routes.counts().malformed == 2);
  CHECK(fixture.guard.counts().token == 1);
  CHECK(fixture.guard.counts().forwarded == 0);
}

TEST_CASE("an answer with a secret says where the secret came from, and no other answer does") {
  RoutesFixture fixture;
  const auto field_of = [&](std::string_view path, std::string_view query = {}) {
    ServerRequest request;
    request.method = "GET";
    request.path = path;
    request.query = query;
    request.add_field({"X-Token", "token"});
    auto answer = fixture.routes.handle(request);
    if (const auto* response = std::get_if<ServerResponse>(&answer)) return std::string(response->field_line);
    Task<ServerResponse> waiting = std::move(std::get<Task<ServerResponse>>(answer));
    waiting.start(fixture.scheduler);
    fixture.scheduler.run_until_idle();
    if (!waiting.done()) {
      fixture.source.last().send();
      const Fault late = Fault::timeout("late");
      if (fixture.source.operations().ends_with("describe")) {
        fixture.source.last().give(Result<SecretVersions>(late));
      } else {
        fixture.source.last().give(Result<SecretValue>(late));
      }
      fixture.scheduler.run_until_idle();
    }
    return waiting.done() ? std::string(waiting.take().field_line) : "waits";
  };
  CHECK(field_of("/v1/a").empty());
  fixture.cache("a", "v1", "text");
  CHECK(field_of("/v1/a") == "X-Cache: HIT\r\n");
  fixture.scheduler.advance(Seconds{301});
  CHECK(field_of("/v1/a") == "X-Cache: STALE\r\n");
  CHECK(field_of("/v1/a") == "X-Cache: STALE\r\n");
  CHECK(field_of("/v1/a", "refreshNow=1").empty());
  CHECK(field_of("/ping").empty());
}

}  // namespace
}  // namespace sma
