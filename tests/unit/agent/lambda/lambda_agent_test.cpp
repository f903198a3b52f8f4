#include "agent/lambda/lambda_agent.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "http_client/http_client.h"
#include "tests/unit/agent/agent_fixture.h"

namespace sma {
namespace {

using standin::FaultPlan;

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The agent as an extension, in process, with the stand-in's Lambda.
class LambdaFixture : public AgentFixture, public AgentMaker {
 public:
  explicit LambdaFixture(std::map<std::string, std::string> more_variables = {})
      : AgentFixture(std::move(more_variables)) {}
  ~LambdaFixture() {
    running_.reset();
    life_.reset();
  }

  /// Registers and so on, without waiting.
  void begin_as_extension(bool snap_start = false) {
    HttpClientSettings client;
    client.http_proxy = SharedBytes("http://127.0.0.1:1");
    http_ = std::make_unique<HttpClient>(loop_, names_, files_, log_, std::move(client));
    if (api.empty()) api = aws.url().substr(std::string("http://").size());
    extension_ = std::make_unique<LambdaExtension>(*http_, loop_, api, "agent-in-test");
    stop_ = std::make_unique<Event>(loop_);
    life_ = std::make_unique<LambdaAgent>(loop_, *extension_, *this, log_, snap_start);
    running_.emplace(life_->run(*stop_));
    running_->start(loop_);
  }
  void start_as_extension() {
    begin_as_extension();
    wait_for_calls("lambda:next", 1);
  }
  /// Moves time on while waiting: between attempts that failed.
  int end() {
    std::optional<int> code;
    run_until([&] {
      advance(Milliseconds(20));
      return (code = exit_code()).has_value();
    });
    return *code;
  }

  [[nodiscard]] bool is_made() const { return agent_ != nullptr; }

  Result<Agent*> make_agent() override {
    if (fault) return *fault;
    make();
    return agent_.get();
  }

  std::string api;             // another than the stand-in
  std::optional<Fault> fault;  // instead of an agent

 private:
  NameLookup names_{loop_, blocking_calls_};
  std::unique_ptr<HttpClient> http_;
  std::unique_ptr<LambdaExtension> extension_;
  std::unique_ptr<LambdaAgent> life_;
};

TEST_CASE("an extension registers by its file's name for both events, and asks for one once it serves") {
  LambdaFixture fixture;
  const auto gate = fixture.aws.hold("GetCallerIdentity");
  fixture.begin_as_extension();
  fixture.wait_for_calls("GetCallerIdentity", 1);
  const auto registration = fixture.aws.last("lambda:register").request;
  CHECK(registration.method == "POST");
  CHECK(registration.target == "/2020-01-01/extension/register");
  CHECK(registration.header("lambda-extension-name") == "agent-in-test");
  CHECK(registration.header("content-type") == "application/json");
  CHECK(registration.body == R"({"events":["INVOKE","SHUTDOWN"]})");
  CHECK(fixture.aws.count("lambda:next") == 0);
  gate->open();
  fixture.wait_for_calls("lambda:next", 1);
  CHECK(fixture.agent().ready().is_set());
  const auto polling = fixture.aws.last("lambda:next").request;
  CHECK(polling.method == "GET");
  CHECK(polling.header("lambda-extension-identifier").value_or("").size() == 36);
}

TEST_CASE("the port is open before Lambda hears of the extension") {
  LambdaFixture fixture;
  const auto gate = fixture.aws.hold("lambda:register");
  fixture.aws.put("a", "value");
  fixture.begin_as_extension();
  fixture.wait_for_calls("lambda:register", 1);
  REQUIRE(fixture.is_made());
  const auto early = fixture.get("a");  // from the function's own start
  gate->open();
  fixture.wait_for(*early);
  CHECK(early->status() == 200);
}

TEST_CASE("invocations come and go while the agent serves, however long nothing happens") {
  LambdaFixture fixture;
  fixture.aws.put("a", "value");
  fixture.start_as_extension();
  for (std::size_t invocation = 1; invocation <= 3; ++invocation) {
    fixture.advance(std::chrono::hours(3));
    fixture.aws.lambda().invoke();
    fixture.wait_for_calls("lambda:next", invocation + 1);
    CHECK(fixture.answer("a")->status() == 200);
  }
  CHECK(fixture.aws.count("lambda:register") == 1);
}

TEST_CASE("at SHUTDOWN the agent ends with 0, and asks Lambda for nothing more") {
  LambdaFixture fixture;
  fixture.start_as_extension();
  fixture.aws.lambda().shut_down();
  CHECK(fixture.end() == 0);
  CHECK(fixture.aws.count("lambda:next") == 1);
  CHECK(fixture.aws.lambda().reported_errors().empty());
}

TEST_CASE("at SHUTDOWN a client that waits is answered within the time that Lambda leaves") {
  struct Row {
    Milliseconds left;  // as the event says
    Milliseconds drop;  // when the fetch is given up
  };
  const Row rows[] = {{Milliseconds(500), Milliseconds(375)},
                      {Milliseconds(1700), Milliseconds(1275)},
                      {Milliseconds(300000), Milliseconds(1500)},
                      {Milliseconds(0), Milliseconds(1500)},
                      {Milliseconds(-5000), Milliseconds(1500)}};
  for (const Row& row : rows) {
    CAPTURE(row.left.count());
    LambdaFixture fixture;
    fixture.start_as_extension();
    fixture.aws.fail(FaultPlan::of(FaultPlan::Kind::kHang).on("GetSecretValue").times(FaultPlan::kAlways));
    const auto client = fixture.get("a");
    fixture.wait_for_calls("GetSecretValue", 1);
    const auto deadline = std::chrono::duration_cast<Milliseconds>(fixture.clocks.wall_now().time_since_epoch());
    fixture.aws.lambda().shut_down("SPINDOWN", std::to_string((deadline + row.left).count()));
    fixture.run_until([&] { return fixture.lines.count("stopping") == 1; });
    const Milliseconds margin = row.drop / 11 + Milliseconds(2);
    fixture.advance(row.drop - margin);
    CHECK_FALSE(client->done());
    fixture.advance(margin);
    fixture.wait_for(*client);
    CHECK(client->status() == 503);
    std::optional<int> code;
    fixture.run_until([&] { return (code = fixture.exit_code()).has_value(); });
    CHECK(code == 0);
  }
}

TEST_CASE("a registration that is refused ends the start, with Lambda's reason") {
  struct Row {
    FaultPlan plan;
    const char* reason;
    std::size_t attempts;
  };
  const Row rows[] = {
      {FaultPlan::body(403, R"({"errorType":"Extension.InvalidExtensionName","errorMessage":"no such file"})"),
       "status 403: Extension.InvalidExtensionName: no such file", 1},
      {FaultPlan::body(500, "<html>"), "status 500", 1},
      {FaultPlan::body(302, "").with_header("Location", "/2020-01-01/extension/register"), "status 302", 1},
      {FaultPlan::body(200, "{}"), "no identifier", 3},
      {FaultPlan::of(FaultPlan::Kind::kNotHttp), "", 3},
      {FaultPlan::of(FaultPlan::Kind::kReset), "", 3},
  };
  for (const Row& row : rows) {
    CAPTURE(row.reason);
    LambdaFixture fixture;
    FaultPlan plan = row.plan;
    fixture.aws.fail(std::move(plan).on("lambda:register").times(FaultPlan::kAlways));
    fixture.begin_as_extension();
    CHECK(fixture.end() == 1);
    CHECK(fixture.problem().starts_with("cannot register as a Lambda extension: "));
    CHECK(holds(fixture.problem(), row.reason));
    CHECK(fixture.lines.count("ERROR cannot register as a Lambda extension: ") == 1);
    CHECK(fixture.aws.count("lambda:register") == row.attempts);
    CHECK(fixture.aws.count("GetCallerIdentity") == 0);
  }
}

TEST_CASE("a registration that only failed to reach Lambda is repeated") {
  LambdaFixture fixture;
  fixture.aws.fail(FaultPlan::of(FaultPlan::Kind::kReset).on("lambda:register").times(2));
  fixture.begin_as_extension();
  fixture.run_until([&] {
    fixture.advance(Milliseconds(20));
    return fixture.aws.count("lambda:next") == 1;
  });
  CHECK(fixture.aws.lambda().registered_events() == std::vector<std::string>{"INVOKE", "SHUTDOWN"});
}

TEST_CASE("if nobody listens for registrations, the start ends") {
  LambdaFixture fixture;
  fixture.api = "127.0.0.1:1";
  fixture.begin_as_extension();
  CHECK(fixture.end() == 1);
  CHECK(holds(fixture.problem(), "127.0.0.1:1"));
}

TEST_CASE("a start that fails is reported to Lambda as an error of the initialisation") {
  LambdaFixture fixture(std::map<std::string, std::string>{{"AWS_SECRET_ACCESS_KEY", "wrong \"quoted\""}});
  fixture.begin_as_extension();
  CHECK(fixture.end() == 1);
  CHECK(holds(fixture.problem(), "SignatureDoesNotMatch"));
  CHECK(fixture.lines.count("ERROR") == 1);
  CHECK(fixture.aws.lambda().reported_errors() == std::vector<std::string>{"init:Extension.StartFailed"});
  const auto body = standin::Json::parse(fixture.aws.last("lambda:init-error").request.body);
  REQUIRE(body);
  CHECK((*body)["errorType"].text_or("") == "Extension.StartFailed");
  CHECK(holds((*body)["errorMessage"].text_or(""), "SignatureDoesNotMatch"));
  CHECK(fixture.aws.count("lambda:next") == 0);
}

TEST_CASE("a token or a port that is not available is reported to Lambda as well") {
  LambdaFixture fixture;
  fixture.fault = Fault::internal("cannot listen on 127.0.0.1:2773: Address already in use");
  fixture.begin_as_extension();
  CHECK(fixture.end() == 1);
  CHECK(fixture.problem() == fixture.fault->message);
  CHECK(fixture.aws.lambda().reported_errors() == std::vector<std::string>{"init:Extension.StartFailed"});
}

TEST_CASE("Lambda's own trouble with an error report holds nothing up") {
  LambdaFixture fixture;
  fixture.fault = Fault::internal("no token");
  fixture.aws.fail(FaultPlan::of(FaultPlan::Kind::kHang).on("lambda:init-error").times(FaultPlan::kAlways));
  fixture.begin_as_extension();
  CHECK(fixture.end() == 1);
  CHECK(fixture.problem() == "no token");
}

TEST_CASE("while Lambda cannot be asked for events the agent tries three times, then ends and says so") {
  struct Row {
    FaultPlan plan;
    std::size_t attempts;
  };
  const Row rows[] = {{FaultPlan::body(403, R"({"errorType":"Extension.InvalidExtensionState"})"), 1},
                      {FaultPlan::body(500, ""), 1},
                      {FaultPlan::body(200, "[1"), 3},
                      {FaultPlan::body(200, R"({"eventType":"UNHEARD-OF"})"), 3},
                      {FaultPlan::body(200, R"({"eventType":7})"), 3},
                      // One more: curl knows that a pooled connection may just have gone.
                      {FaultPlan::of(FaultPlan::Kind::kReset), 4},
                      {FaultPlan::of(FaultPlan::Kind::kHalfAnswer), 3}};
  for (const Row& row : rows) {
    CAPTURE(row.plan.answer.body);
    LambdaFixture fixture;
    FaultPlan plan = row.plan;
    fixture.aws.fail(std::move(plan).on("lambda:next").times(FaultPlan::kAlways));
    fixture.begin_as_extension();
    CHECK(fixture.end() == 1);
    CHECK(fixture.aws.count("lambda:next") == row.attempts);
    CHECK(fixture.aws.last("lambda:exit-error").request.header("lambda-extension-function-error-type") ==
          "Extension.NextFailed");
  }
}

TEST_CASE("an event that got lost on the way is asked for again") {
  LambdaFixture fixture;
  fixture.aws.fail(FaultPlan::of(FaultPlan::Kind::kReset).on("lambda:next").times(2));
  fixture.begin_as_extension();
  fixture.run_until([&] {
    fixture.advance(Milliseconds(20));
    return fixture.aws.count("lambda:next") == 3;
  });
  fixture.aws.lambda().shut_down();
  CHECK(fixture.end() == 0);
}

TEST_CASE("a signal ends an extension as it ends any agent, whatever it waits for") {
  for (const char* waits_for : {"lambda:register", "GetCallerIdentity", "lambda:next"}) {
    CAPTURE(waits_for);
    LambdaFixture fixture;
    fixture.aws.fail(FaultPlan::of(FaultPlan::Kind::kHang).on(waits_for).times(FaultPlan::kAlways));
    fixture.begin_as_extension();
    fixture.wait_for_calls(waits_for, 1);
    fixture.stop();
    CHECK(fixture.end() == 0);
  }
}

TEST_CASE("after a freeze connections to AWS are opened again, and not after a pause without one") {
  LambdaFixture fixture;
  fixture.aws.put("a", "value");
  fixture.start_as_extension();
  const auto connection_of = [&] {
    CHECK(fixture.answer("a", "&refreshNow=true")->status() == 200);
    return fixture.aws.last("GetSecretValue").connection;
  };
  const auto invoke = [&](std::size_t asked) {
    fixture.aws.lambda().invoke();
    fixture.wait_for_calls("lambda:next", asked);
  };
  const auto first = connection_of();
  fixture.advance(Milliseconds(900));
  invoke(2);
  CHECK(connection_of() == first);
  fixture.advance(Milliseconds(1100));
  invoke(3);
  const auto second = connection_of();
  CHECK(second != first);
  CHECK(connection_of() == second);
  // A virtual machine that was paused may find only its wall clock put right.
  fixture.clocks.set_wall(fixture.clocks.wall_now() + Seconds(30));
  invoke(4);
  CHECK(connection_of() != second);
}

/// Credentials as they are with SnapStart: from an endpoint, with an expiry.
std::map<std::string, std::string> with_endpoint() {
  return {{"AWS_ACCESS_KEY_ID", ""},
          {"AWS_SECRET_ACCESS_KEY", ""},
          {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "{aws}/credentials"}};
}

TEST_CASE("a call that was under way in a freeze is not disturbed when the process resumes") {
  LambdaFixture fixture;
  fixture.aws.put("a", "value");
  fixture.start_as_extension();
  const auto gate = fixture.aws.hold("GetSecretValue", 1);
  const auto client = fixture.get("a");
  fixture.wait_for_calls("GetSecretValue", 1);
  fixture.agent().drop_idle_connections();
  gate->open();
  fixture.wait_for(*client);
  CHECK(client->status() == 200);
  CHECK(fixture.aws.count("GetSecretValue") == 1);
}

TEST_CASE("time that passed in a freeze counts: old secrets and credentials are asked for again") {
  LambdaFixture fixture(with_endpoint());
  fixture.aws.with([](standin::World& world) { world.container.lifetime = 1000; });
  fixture.aws.put("a", "value");
  fixture.start_as_extension();
  CHECK(fixture.answer("a")->status() == 200);
  CHECK(fixture.aws.count("container:credentials") == 1);
  fixture.advance(Seconds(2000));
  fixture.aws.lambda().invoke();
  CHECK(fixture.answer("a")->status() == 200);
  CHECK(fixture.aws.count("container:credentials") == 2);
  CHECK(fixture.aws.count("DescribeSecret") == 1);
  CHECK(fixture.aws.last("DescribeSecret").status == 200);

  // The same where the machine's own time stood still, and only the wall clock was put right.
  fixture.clocks.set_wall(fixture.clocks.wall_now() + Seconds(2000));
  CHECK(fixture.answer("a", "&refreshNow=true")->status() == 200);
  CHECK(fixture.aws.count("container:credentials") == 3);
}

TEST_CASE("with SnapStart nothing is made, opened or asked for before the first invocation") {
  LambdaFixture fixture(with_endpoint());
  fixture.aws.put("a", "value");
  fixture.settings.prefetch.secrets.push_back({.secret_id = "a", .role_arn = ""});
  fixture.begin_as_extension(true);
  fixture.wait_for_calls("lambda:next", 1);
  fixture.advance(std::chrono::hours(100));
  CHECK_FALSE(fixture.is_made());
  CHECK(fixture.aws.records().size() == 2);  // registered, and waiting

  fixture.aws.lambda().invoke();
  fixture.wait_for_calls("lambda:next", 2);
  CHECK(fixture.agent().ready().is_set());
  CHECK(fixture.aws.count("GetCallerIdentity") == 1);
  CHECK(fixture.answer("a")->status() == 200);
  fixture.wait_for_calls("BatchGetSecretValue", 1);
  fixture.aws.lambda().shut_down();
  CHECK(fixture.end() == 0);
}

TEST_CASE("with SnapStart a start that fails at the first invocation is reported to Lambda as an error that ends it") {
  LambdaFixture fixture(std::map<std::string, std::string>{{"AWS_SECRET_ACCESS_KEY", "wrong"}});
  fixture.aws.lambda().invoke();
  fixture.begin_as_extension(true);
  CHECK(fixture.end() == 1);
  CHECK(fixture.aws.lambda().reported_errors() == std::vector<std::string>{"exit:Extension.StartFailed"});

  LambdaFixture without_token;
  without_token.fault = Fault::internal("no token");
  without_token.aws.lambda().invoke();
  without_token.begin_as_extension(true);
  CHECK(without_token.end() == 1);
  CHECK(without_token.aws.lambda().reported_errors() == std::vector<std::string>{"exit:Extension.StartFailed"});
}

TEST_CASE("with SnapStart the end may come before the first invocation") {
  LambdaFixture by_lambda;
  by_lambda.aws.lambda().shut_down();
  by_lambda.begin_as_extension(true);
  CHECK(by_lambda.end() == 0);
  CHECK_FALSE(by_lambda.is_made());

  LambdaFixture by_signal;
  by_signal.begin_as_extension(true);
  by_signal.wait_for_calls("lambda:next", 1);
  by_signal.stop();
  CHECK(by_signal.end() == 0);

  LambdaFixture refused;
  refused.aws.fail(FaultPlan::body(500, "").on("lambda:next"));
  refused.begin_as_extension(true);
  CHECK(refused.end() == 1);
  CHECK_FALSE(refused.is_made());
}

}  // namespace
}  // namespace sma
