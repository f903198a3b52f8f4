#include "agent/ssrf_guard.h"

#include <doctest/doctest.h>

#include "tests/unit/base/log_lines.h"
#include "tests/unit/base/manual_scheduler.h"

namespace sma {
namespace {

std::optional<ServerResponse> refusal_of(SsrfGuard& guard, const ServerRequest& request, TokenRule rule) {
  const SsrfGuard::Verdict verdict = guard.judge(request, rule);
  if (verdict == SsrfGuard::Verdict::passes) return std::nullopt;
  return guard.refuse(request, verdict);
}

const std::string kForwardedLine = "Rejecting request with X-Forwarded-For header";
const std::string kTokenLine = "Rejecting request with incorrect SSRF token";

struct GuardFixture {
  ManualScheduler scheduler;
  LogLines lines;
  Log log{&lines, LogLevel::info};
  SsrfGuard guard{scheduler, log, {"X-One", "X-Two"}, SharedBytes("token")};

  /// The refusal's text; empty where the request may pass.
  std::string verdict(std::initializer_list<ServerField> fields, TokenRule rule = TokenRule::required) {
    ServerRequest request;
    for (const ServerField& field : fields) request.add_field(field);
    const auto refusal = refusal_of(guard, request, rule);
    if (refusal) CHECK(refusal->close);
    return refusal ? std::to_string(refusal->status) + " " + std::string(refusal->body.view()) : "";
  }
};

TEST_CASE("the token may stand in any of its fields, beside wrong ones, and its name in any case") {
  GuardFixture fixture;
  CHECK(fixture.verdict({{"X-One", "token"}}).empty());
  CHECK(fixture.verdict({{"x-two", "token"}}).empty());
  CHECK(fixture.verdict({{"X-One", "wrong"}, {"X-Two", "token"}}).empty());
  CHECK(fixture.verdict({{"X-Two", "token"}, {"X-Two", "wrong"}}).empty());
}

TEST_CASE("anything but the token is refused with its line") {
  GuardFixture fixture;
  for (const char* value : {"", "t", "toke", "tokens", "Token", "token token", "xoken", "tokex"})
    CHECK(fixture.verdict({{"X-One", value}}) == "403 Bad Token");
  CHECK(fixture.verdict({}) == "403 Bad Token");
  CHECK(fixture.verdict({{"X-Three", "token"}}) == "403 Bad Token");
  CHECK(fixture.lines.count("ERROR " + kTokenLine) == 10);
}

TEST_CASE("if the token is optional, one that is sent must be right, unless there is none") {
  GuardFixture fixture;
  CHECK(fixture.verdict({}, TokenRule::optional).empty());
  CHECK(fixture.verdict({{"X-One", ""}}, TokenRule::optional).empty());
  CHECK(fixture.verdict({{"X-Two", "token"}}, TokenRule::optional).empty());
  CHECK(fixture.verdict({{"X-Two", "wrong"}}, TokenRule::optional) == "403 Bad Token");
  CHECK(fixture.verdict({{"X-Forwarded-For", "a"}}, TokenRule::optional) == "400 Forwarded");
  CHECK(fixture.verdict({{"Forwarded", "for=a"}}, TokenRule::optional) == "400 Forwarded");
  CHECK(fixture.lines.count("ERROR " + kTokenLine + " reason=wrong") == 1);
  fixture.guard.set_token(SharedBytes());
  CHECK(fixture.verdict({{"X-Two", "any"}}, TokenRule::optional).empty());
  CHECK(fixture.verdict({{"X-Forwarded-For", "a"}}, TokenRule::optional) == "400 Forwarded");
}

TEST_CASE("without a token nothing that needs one passes") {
  GuardFixture fixture;
  fixture.guard.set_token(SharedBytes());
  CHECK(fixture.verdict({}) == "403 Bad Token");
  CHECK(fixture.verdict({{"X-One", ""}}) == "403 Bad Token");
}

TEST_CASE("a forwarded request is refused though it carries the token, an empty field is enough") {
  GuardFixture fixture;
  CHECK(fixture.verdict({{"X-One", "token"}, {"x-forwarded-for", ""}}) == "400 Forwarded");
  CHECK(fixture.lines.count("ERROR " + kForwardedLine) == 1);
  CHECK(fixture.verdict({{"X-One", "token"}, {"X-Forwarded-Host", "a"}, {"Forwarded-For", "a"}}).empty());
}

TEST_CASE("the field of RFC 7239 marks a forwarded request as the usual one does") {
  GuardFixture fixture;
  CHECK(fixture.verdict({{"X-One", "token"}, {"Forwarded", "for=10.0.0.1"}}) == "400 Forwarded");
  CHECK(fixture.verdict({{"fORWARDED", ""}}) == "400 Forwarded");
  CHECK(fixture.lines.count("ERROR " + kForwardedLine + " reason=forwarded method=") == 2);
}

TEST_CASE("a rejection's line goes on with reason, method and path, escaped and without the query") {
  GuardFixture fixture;
  ServerRequest request;
  request.method = "PATCH";
  request.path = "/v1/a \"b\"";
  request.query = "token=hidden";
  const auto line_of = [&](std::initializer_list<ServerField> fields) {
    request.clear_fields();
    for (const ServerField& field : fields) request.add_field(field);
    (void)refusal_of(fixture.guard, request, TokenRule::required);
  };
  const std::string rest = " method=PATCH path=\"/v1/a \\\"b\\\"\"\n";
  line_of({});
  line_of({{"X-One", ""}, {"X-Three", "token"}});
  CHECK(fixture.lines.count("ERROR " + kTokenLine + " reason=missing" + rest) == 2);
  line_of({{"X-One", ""}, {"x-two", "guess"}});
  CHECK(fixture.lines.count("ERROR " + kTokenLine + " reason=wrong" + rest) == 1);
  line_of({{"Forwarded", "for=a"}, {"X-Forwarded-For", "a"}, {"X-One", "token"}});
  CHECK(fixture.lines.count("ERROR " + kForwardedLine + " reason=x-forwarded-for" + rest) == 1);
  CHECK(fixture.lines.count("hidden") == 0);
  CHECK(fixture.lines.count("guess") == 0);
}

TEST_CASE("at most ten lines a second are logged, and the rest counted when the second is over") {
  GuardFixture fixture;
  for (int i = 0; i < 15; ++i) (void)fixture.verdict({});
  for (int i = 0; i < 15; ++i) (void)fixture.verdict({{"X-Forwarded-For", "a"}});
  CHECK(fixture.lines.count("Rejecting request") == 10);
  CHECK(fixture.lines.count("left out") == 0);
  fixture.scheduler.advance(Seconds(1));
  CHECK(fixture.lines.count("left out of the log count=20") == 1);
  fixture.scheduler.advance(Seconds(10));
  CHECK(fixture.lines.count("left out") == 1);
  (void)fixture.verdict({});
  CHECK(fixture.lines.count("Rejecting request") == 11);
}

}  // namespace
}  // namespace sma
