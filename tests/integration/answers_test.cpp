#include <doctest/doctest.h>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/secret_registry.h"
#include "tests/standin/encoding.h"

namespace sma::integration {

namespace {

standin::FaultPlan answered(const std::string& body) {
  return standin::FaultPlan::body(200, body, "application/x-amz-json-1.1").on("GetSecretValue");
}

std::vector<std::string> names(const std::string& json) {
  std::vector<std::string> out;
  const auto parsed = standin::Json::parse(json);
  if (!parsed) return out;
  for (const auto& [name, value] : parsed->members()) out.push_back(name);
  return out;
}

}  // namespace

TEST_CASE("a secret is one compact JSON object whose members stand in order") {
  AgentWithAws scene;
  const std::string version = scene.aws.put("answers/text", "answers-text-value");
  const std::string arn = scene.aws.with([](auto& world) { return world.secrets.find("answers/text")->arn; });
  const Answer answer = scene.agent().get_secret("answers/text");
  const std::string date = member(answer.body, "CreatedDate");
  CHECK(answer.body == R"({"ARN":")" + arn + R"(","Name":"answers/text","VersionId":")" + version +
                           R"(","SecretString":"answers-text-value","VersionStages":["AWSCURRENT"],"CreatedDate":")" +
                           date + "\"}");
  CHECK(date.find_first_not_of("0123456789.") == std::string::npos);
}

TEST_CASE("answers carry type, length, date and are not to be stored") {
  AgentWithAws scene;
  scene.aws.put("answers/headers", "answers-headers-value");
  for (const char* target : {"/v1/answers/headers", "/ping", "/nothing"}) {
    const Answer answer = scene.agent().get(target);
    INFO(std::string(target));
    CHECK(answer.header("content-length") == std::to_string(answer.body.size()));
    CHECK(answer.header("date").ends_with(" GMT"));
    CHECK(answer.header("cache-control") == "no-store");
  }
  CHECK(scene.agent().get("/v1/answers/headers").header("content-type").starts_with("application/json"));
  CHECK(scene.agent().get("/v1/answers/none").header("content-type").starts_with("application/json"));
}

TEST_CASE("CreatedDate is a string in the shortest decimal form") {
  AgentWithAws scene;
  const std::vector<std::pair<std::string, std::string>> dates{{"1.523477145713E9", "1523477145.713"},
                                                               {"1.523477145E9", "1523477145"},
                                                               {"1523477145", "1523477145"},
                                                               {"1569534789.046", "1569534789.046"},
                                                               {"1.5695347890460E+9", "1569534789.046"},
                                                               {"1.5e9", "1500000000"},
                                                               {"1523477145.0", "1523477145"},
                                                               {"0", "0"}};
  for (std::size_t i = 0; i < dates.size(); ++i) {
    CAPTURE(dates[i].first);
    scene.aws.fail(answered(R"({"ARN":"a","CreatedDate":)" + dates[i].first +
                            R"(,"SecretString":"answers-date-value","VersionId":"v"})"));
    const Answer answer = scene.agent().get_secret("answers/date" + std::to_string(i));
    CHECK(answer.body.find("\"CreatedDate\":\"" + dates[i].second + "\"") != std::string::npos);
  }
}

TEST_CASE("what AWS left out is null or left out") {
  AgentWithAws scene;
  scene.aws.fail(answered(R"({"SecretString":"answers-bare-value"})"));
  CHECK(scene.agent().get_secret("answers/bare").body ==
        R"({"ARN":null,"Name":null,"VersionId":null,"SecretString":"answers-bare-value","CreatedDate":null})");
}

TEST_CASE("a binary secret stays base64 and stands in SecretBinary") {
  AgentWithAws scene;
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  scene.aws.put_binary("answers/binary", bytes);
  const Answer answer = scene.agent().get_secret("answers/binary");
  CHECK(member(answer.body, "SecretBinary") == standin::base64_encode(bytes));
  CHECK(names(answer.body) ==
        std::vector<std::string>{"ARN", "Name", "VersionId", "SecretBinary", "VersionStages", "CreatedDate"});
}

TEST_CASE("text arrives as AWS sent it, whatever is in it") {
  AgentWithAws scene;
  const std::vector<std::string> texts{
      std::string("nul\0inside-the-value", 20),
      "quote\" backslash\\ slash/ newline\n tab\t control\x01\x1f delete\x7f",
      "é ü 漢字 😀 \xe2\x80\xa8 \xef\xbf\xbf \xf4\x8f\xbf\xbf",
      "{\"json\":\"within \\u0041 json\"}",
      std::string(65536, 'x'),
      "",
  };
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (const bool ascii : {false, true}) {
      const std::string name = "answers/text" + std::to_string(i) + (ascii ? "-ascii" : "");
      INFO(std::string(name));
      scene.aws.put(name, texts[i]);
      scene.aws.with([&](auto& world) { world.secrets.find(name)->ascii = ascii; });
      const Answer answer = scene.agent().get_secret(name);
      CHECK(answer.status == 200);
      CHECK((member(answer.body, "SecretString") == texts[i]));
      CHECK(answer.body.find("\"SecretString\"") != std::string::npos);
    }
  }
}

TEST_CASE("a secret larger than today's limit arrives whole") {
  AgentWithAws scene;
  scene.aws.put("answers/huge", std::string(1'000'000, 'y'));
  CHECK(member(scene.agent().get_secret("answers/huge").body, "SecretString").size() == 1'000'000);
}

TEST_CASE("requests on one connection are answered in turn, pipelined ones too") {
  AgentWithAws scene;
  scene.aws.put("answers/turn", "answers-turn-value");
  HttpConnection connection = scene.agent().connect();
  std::string requests;
  for (int i = 0; i < 40; ++i) requests += get_request(i % 2 == 0 ? "/ping" : "/v1/answers/turn");
  connection.send(requests);
  for (int i = 0; i < 40; ++i) {
    const Answer answer = connection.read_answer();
    CHECK(answer.status == 200);
    CHECK((answer.body == "healthy") == (i % 2 == 0));
  }
}

TEST_CASE("every call is signed as AWS demands and names the caller") {
  AgentWithAws scene;
  scene.aws.put("answers/signed", "answers-signed-value");
  CHECK(scene.agent().get_secret("answers/signed").status == 200);
  const auto records = scene.aws.records();
  REQUIRE(records.size() == 2);
  CHECK(records[0].operation == "GetCallerIdentity");
  CHECK(records[0].request.header("content-type") == "application/x-www-form-urlencoded; charset=utf-8");
  CHECK(records[1].request.header("content-type") == "application/x-amz-json-1.1");
  CHECK(records[0].connection == records[1].connection);
  for (const standin::Record& record : records) {
    CHECK(record.signature.verdict == standin::Verdict::kValid);
    CHECK(record.signature.region == "us-east-1");
    const std::string agent = record.request.header("user-agent").value_or("");
    CHECK(agent.find("aws-secrets-manager-agent/") != std::string::npos);
    CHECK(agent.find("aws-workload-credentials-provider/") != std::string::npos);
    CHECK_FALSE(record.request.header("expect"));
    CHECK_FALSE(record.request.header("transfer-encoding"));
  }
}

}  // namespace sma::integration
