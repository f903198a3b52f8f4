#include <doctest/doctest.h>

#include "tests/integration/support/agent_with_aws.h"

namespace sma::integration {

namespace {

using standin::FaultPlan;
using Kind = FaultPlan::Kind;

void check_error(const Answer& answer, int status, const std::string& type) {
  CHECK(answer.status == status);
  CHECK(member(answer.body, "__type") == type);
  CHECK(standin::Json::parse(answer.body).has_value());
  CHECK(answer.header("content-type").starts_with("application/json"));
}

}  // namespace

TEST_CASE("AWS's own errors pass through with status, code and message") {
  AgentWithAws scene;
  scene.aws.put("faults/deleted", "faults-deleted-value");
  scene.aws.put("faults/denied", "faults-denied-value");
  scene.aws.with([](auto& world) {
    world.secrets.find("faults/deleted")->deleted = true;
    world.secrets.find("faults/denied")->denied = {"GetSecretValue"};
  });
  CHECK(scene.agent().get_secret("faults/none").body ==
        R"({"__type":"ResourceNotFoundException","message":"Secrets Manager can't find the specified secret."})");
  check_error(scene.agent().get_secret("faults/none"), 400, "ResourceNotFoundException");
  check_error(scene.agent().get_secret("faults/deleted"), 400, "InvalidRequestException");
  check_error(scene.agent().get_secret("faults/denied"), 400, "AccessDeniedException");
}

TEST_CASE("an error is not cached and not retried where retrying cannot help") {
  AgentWithAws scene;
  (void)scene.agent().get_secret("faults/later");
  CHECK(scene.aws.count("GetSecretValue") == 1);
  scene.aws.put("faults/later", "faults-later-value");
  CHECK(scene.agent().get_secret("faults/later").status == 200);
}

TEST_CASE("the code loses namespace and address, whatever member it stands in") {
  AgentWithAws scene;
  const auto body = [](const std::string& text) {
    return FaultPlan::body(400, text, "application/x-amz-json-1.1").on("GetSecretValue");
  };
  scene.aws.fail(body(R"({"__type":"com.amazonaws.secretsmanager#InvalidRequestException","Message":"a"})"));
  scene.aws.fail(body(R"({"__type":"InvalidRequestException:http://internal/","message":"b"})"));
  scene.aws.fail(body(R"({"code":"InvalidRequestException","message":"c"})"));
  scene.aws.fail(body(R"({"__type":"Other","message":"d"})")
                     .with_header("x-amzn-ErrorType", "InvalidRequestException:http://internal/"));
  for (const char* message : {"a", "b", "c", "d"}) {
    const Answer answer = scene.agent().get_secret("faults/code");
    check_error(answer, 400, "InvalidRequestException");
    CHECK(member(answer.body, "message") == message);
  }
}

TEST_CASE("a message is escaped properly") {
  AgentWithAws scene;
  const std::string message = "quote \" backslash \\ newline \n é";
  scene.aws.fail(FaultPlan::error(400, "InvalidRequestException", message).on("GetSecretValue"));
  CHECK(member(scene.agent().get_secret("faults/escape").body, "message") == message);
}

TEST_CASE("server faults and throttling are tried three times, then passed on") {
  AgentWithAws scene;
  struct Case {
    int status;
    std::string code;
  };
  for (const Case& fault : {Case{500, "InternalServiceError"}, Case{502, "BadGateway"}, Case{503, "ServiceUnavailable"},
                            Case{504, "GatewayTimeout"}, Case{400, "ThrottlingException"},
                            Case{429, "TooManyRequestsException"}, Case{400, "RequestTimeout"}}) {
    CAPTURE(fault.code);
    scene.aws.clear_records();
    scene.aws.fail(FaultPlan::error(fault.status, fault.code).on("GetSecretValue").times(3));
    check_error(scene.agent().get_secret("faults/server"), fault.status, fault.code);
    CHECK(scene.aws.count("GetSecretValue") == 3);
  }
}

TEST_CASE("a fault that passes goes unnoticed") {
  AgentWithAws scene;
  scene.aws.put("faults/passing", "faults-passing-value");
  for (const FaultPlan& plan :
       {FaultPlan::error(503, "ServiceUnavailable"), FaultPlan::error(400, "ThrottlingException"),
        FaultPlan::of(Kind::kReset), FaultPlan::of(Kind::kResetInAnswer), FaultPlan::of(Kind::kHalfAnswer),
        FaultPlan::of(Kind::kLongLength), FaultPlan::error(503, "SlowDown").with_header("x-amz-retry-after", "1")}) {
    scene.aws.clear_records();
    FaultPlan once = plan;
    scene.aws.fail(std::move(once).on("GetSecretValue"));
    CHECK(scene.agent().get_secret("faults/passing", "&refreshNow=true").status == 200);
    CHECK(scene.aws.count("GetSecretValue") == 2);
  }
}

TEST_CASE("a broken connection is a ConnectionError after three attempts") {
  AgentWithAws scene;
  scene.aws.put("faults/broken", std::string(20'000, 'b'));
  for (const Kind kind : {Kind::kReset, Kind::kResetInAnswer, Kind::kHalfAnswer, Kind::kLongLength}) {
    CAPTURE(static_cast<int>(kind));
    scene.aws.clear_records();
    scene.aws.fail(FaultPlan::of(kind).on("GetSecretValue").times(3));
    check_error(scene.agent().get_secret("faults/broken"), 502, "ConnectionError");
    CHECK(scene.aws.count("GetSecretValue") == 3);
    scene.aws.clear_faults();
  }
}

TEST_CASE(
    "a kept connection that ends without an answer costs one attempt: nothing is sent again without a new signature") {
  AgentWithAws scene(Variables{{"AWS_MAX_ATTEMPTS", "1"}});
  scene.aws.put("faults/kept", "faults-kept-value");
  CHECK(scene.agent().get_secret("faults/kept").status == 200);
  scene.aws.clear_records();
  scene.aws.fail(FaultPlan::of(Kind::kReset).on("GetSecretValue"));
  const Answer answer = scene.agent().get_secret("faults/kept", "&refreshNow=1");
  check_error(answer, 502, "ConnectionError");
  CHECK(member(answer.body, "message").ends_with("the connection ended without an answer"));
  CHECK(scene.aws.count("GetSecretValue") == 1);
}

TEST_CASE("an answer that cannot be read is a ConnectionError") {
  AgentWithAws scene;
  for (const FaultPlan& plan : {FaultPlan::of(Kind::kNotHttp), FaultPlan::body(200, "<html>a proxy's page</html>"),
                                FaultPlan::body(200, ""), FaultPlan::body(200, "{\"SecretString\":"),
                                FaultPlan::body(200, "[]"), FaultPlan::body(200, std::string(100'000, '[')),
                                FaultPlan::body(200, "{}"), FaultPlan::body(200, R"({"status":"login required"})"),
                                FaultPlan::body(200, R"({"__type":"InternalServiceError"})")}) {
    CAPTURE(plan.answer.body.substr(0, 20));
    FaultPlan always = plan;
    scene.aws.fail(std::move(always).on("GetSecretValue").times(FaultPlan::kAlways));
    check_error(scene.agent().get_secret("faults/garbage"), 502, "ConnectionError");
    scene.aws.clear_faults();
  }
  CHECK(scene.agent().get("/ping").status == 200);
}

TEST_CASE("the connection of an answer that cannot be read is not used again") {
  AgentWithAws scene(Variables{{"SMA_TTL_SECONDS", "0"}});
  scene.aws.put("faults/unreadable", "faults-unreadable-value");
  CHECK(scene.agent().get_secret("faults/unreadable").status == 200);
  CHECK(scene.agent().get_secret("faults/unreadable").status == 200);
  const auto kept = scene.aws.connections();
  // The rest of the answer could be taken for the next one.
  for (const FaultPlan& plan : {FaultPlan::body(200, "{\"Name\":\"x"), FaultPlan::body(404, "<html>not here</html>"),
                                FaultPlan::of(Kind::kShortLength)}) {
    const auto before = scene.aws.connections();
    scene.aws.fail(FaultPlan(plan).on("GetSecretValue").times(3));
    (void)scene.agent().get_secret("faults/unreadable");
    scene.aws.clear_faults();
    CHECK(scene.agent().get_secret("faults/unreadable").status == 200);
    CHECK(scene.aws.connections() > before);
  }
  CHECK(scene.agent().get_secret("faults/unreadable").status == 200);
  CHECK(scene.aws.connections() > kept);
}

TEST_CASE("an endless answer is cut off") {
  AgentWithAws scene;
  scene.aws.fail(FaultPlan::of(Kind::kHuge).on("GetSecretValue").times(FaultPlan::kAlways));
  check_error(scene.agent().get_secret("faults/huge"), 502, "ConnectionError");
}

TEST_CASE("an answer byte by byte is an answer") {
  AgentWithAws scene;
  scene.aws.put("faults/drip", "faults-drip-value");
  scene.aws.fail(FaultPlan::of(Kind::kDrip).on("GetSecretValue"));
  CHECK(scene.agent().get_secret("faults/drip").status == 200);
  CHECK(scene.aws.count("GetSecretValue") == 1);
}

TEST_CASE("a refused connection is a ConnectionError, and the next request finds AWS again") {
  AgentWithAws scene;
  scene.aws.put("faults/refused", "faults-refused-value");
  (void)scene.agent();
  scene.aws.close_listeners();
  scene.aws.drop_connections();
  check_error(scene.agent().get_secret("faults/refused"), 502, "ConnectionError");
  scene.aws.open_listeners();
  CHECK(scene.agent().get_secret("faults/refused").status == 200);
}

TEST_CASE("without credentials a request says where they were looked for") {
  AgentWithAws scene(
      Variables{{"AWS_ACCESS_KEY_ID", ""}, {"AWS_SECRET_ACCESS_KEY", ""}, {"SMA_VALIDATE_CREDENTIALS", "false"}});
  const Answer answer = scene.agent().get_secret("faults/credentials");
  check_error(answer, 500, "InternalFailure");
  CHECK_FALSE(member(answer.body, "message").empty());
}

TEST_CASE("wrong credentials are AWS's refusal, tried once more at most") {
  AgentWithAws scene(
      Variables{{"AWS_SECRET_ACCESS_KEY", "not-the-right-secret-key"}, {"SMA_VALIDATE_CREDENTIALS", "false"}});
  check_error(scene.agent().get_secret("faults/wrong"), 400, "InvalidSignatureException");
  AgentWithAws unknown(Variables{{"AWS_ACCESS_KEY_ID", "AKIAUNKNOWN"}, {"SMA_VALIDATE_CREDENTIALS", "false"}});
  check_error(unknown.agent().get_secret("faults/wrong"), 400, "UnrecognizedClientException");
  CHECK(unknown.aws.count("GetSecretValue") == 1);
}

TEST_CASE("a clock that is off is corrected and the call repeated once") {
  AgentWithAws scene(Variables{{"SMA_VALIDATE_CREDENTIALS", "false"}});
  scene.aws.put("faults/clock", "faults-clock-value");
  scene.aws.set_clock_offset(3600);
  CHECK(scene.agent().get_secret("faults/clock").status == 200);
  CHECK(scene.aws.count("GetSecretValue") == 2);
  CHECK(scene.agent().get_secret("faults/clock", "&refreshNow=1").status == 200);
  CHECK(scene.aws.count("GetSecretValue") == 3);
}

TEST_CASE("a fault of one secret delays no other") {
  AgentWithAws scene;
  scene.aws.put("faults/stuck", "faults-stuck-value");
  scene.aws.put("faults/quick", "faults-quick-value");
  auto gate = std::make_shared<standin::Gate>();
  scene.aws.fail(FaultPlan::held(gate).on("GetSecretValue").secret("faults/stuck"));
  HttpConnection stuck = scene.agent().connect();
  stuck.send(get_request("/v1/faults/stuck"));
  gate->wait_for(1);
  CHECK(scene.agent().get_secret("faults/quick").status == 200);
  CHECK_FALSE(stuck.has_input());
  gate->open();
  CHECK(stuck.read_answer().status == 200);
}

}  // namespace sma::integration
