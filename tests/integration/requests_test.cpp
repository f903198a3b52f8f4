#include <doctest/doctest.h>

#include <set>

#include "tests/integration/support/agent_with_aws.h"

namespace sma::integration {

namespace {

const std::string kBadRole = "invalid roleArn format, expected arn:<partition>:iam::<account>:role/<name>";

void check_line(const Answer& answer, int status, const std::string& line) {
  CHECK(answer.status == status);
  CHECK(answer.body == line);
  CHECK(answer.header("content-type").starts_with("text/plain"));
}

/// What is wrong with a request, in the order in which the agent must find it.
enum class Wrong { kForwarded, kToken, kMethod, kPath, kPathId, kParameter, kSecretId, kRole };

struct Refusal {
  Wrong wrong;
  int status;
  std::string line;
};

const std::vector<Refusal> kRefusals{
    {Wrong::kForwarded, 400, "Forwarded"},
    {Wrong::kToken, 403, "Bad Token"},
    {Wrong::kMethod, 405, "Not allowed"},
    {Wrong::kPath, 404, "Not found"},
    {Wrong::kPathId, 400, "missing secret ID"},
    {Wrong::kParameter, 400, "unknown parameter: colour"},
    {Wrong::kSecretId, 400, "missing parameter secretId"},
    {Wrong::kRole, 400, kBadRole},
};

std::string request_with(const std::set<Wrong>& wrong) {
  const auto has = [&wrong](Wrong one) { return wrong.contains(one); };
  std::string target = "/secretsmanager/get?";
  if (has(Wrong::kPathId)) target = "/v1/?";
  if (has(Wrong::kPath)) target = "/nothing?";
  if (!has(Wrong::kSecretId) && !has(Wrong::kPathId)) target += "secretId=requests/plain";
  if (has(Wrong::kParameter)) target += "&colour=red";
  if (has(Wrong::kRole)) target += "&roleArn=nobody";
  std::string request = (has(Wrong::kMethod) ? "POST " : "GET ") + target + " HTTP/1.1\r\nHost: localhost\r\n";
  if (has(Wrong::kForwarded)) request += "X-Forwarded-For: 10.0.0.1\r\n";
  request += std::string("X-Aws-Parameters-Secrets-Token: ") + (has(Wrong::kToken) ? "wrong" : kToken) + "\r\n";
  if (has(Wrong::kMethod)) request += "Content-Length: 0\r\n";
  return request + "\r\n";
}

Answer ask(AgentProcess& agent, const std::string& request) {
  HttpConnection connection = agent.connect();
  connection.send(request);
  return connection.read_answer();
}

}  // namespace

TEST_CASE("ping says healthy without a token, forwarded or with any query") {
  AgentWithAws scene;
  for (const char* request :
       {"GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /ping?colour=red HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n"}) {
    check_line(ask(scene.agent(), request), 200, "healthy");
  }
}

TEST_CASE("a secret is found by query and by path, by name and by ARN") {
  AgentWithAws scene;
  scene.aws.put("requests/plain", "requests-plain-value");
  const std::string arn = scene.aws.with([](auto& world) { return world.secrets.find("requests/plain")->arn; });
  for (const char* target :
       {"/secretsmanager/get?secretId=requests/plain", "/secretsmanager/get?secretId=requests%2Fplain",
        "/v1/requests/plain", "/v1/requests%2Fplain", "/v1/%72equests/plain?versionStage=AWSCURRENT",
        "/secretsmanager/get?&&secretId=requests/plain&",
        "/secretsmanager/get?secretId=other&secretId=requests/plain"}) {
    INFO(std::string(target));
    CHECK(member(scene.agent().get(target).body, "SecretString") == "requests-plain-value");
  }
  CHECK(member(scene.agent().get_secret(arn).body, "SecretString") == "requests-plain-value");
  CHECK(member(scene.agent().get("/v1/" + arn).body, "SecretString") == "requests-plain-value");
}

TEST_CASE("a plus is a space in a query and a plus in a path") {
  AgentWithAws scene;
  scene.aws.put("requests+plus", "requests-plus-value");
  CHECK(member(scene.agent().get("/v1/requests+plus").body, "SecretString") == "requests-plus-value");
  CHECK(member(scene.agent().get_secret("requests+plus").body, "SecretString") == "requests-plus-value");
  (void)scene.agent().get("/secretsmanager/get?secretId=requests+plus");
  CHECK(scene.aws.last("GetSecretValue").secret_id == "requests plus");
}

TEST_CASE("versions are asked for by id and by stage") {
  AgentWithAws scene;
  const std::string first = scene.aws.put("requests/versions", "requests-first-value");
  scene.aws.put("requests/versions", "requests-second-value");
  AgentProcess& agent = scene.agent();
  const auto value = [&](const std::string& more) {
    return member(agent.get_secret("requests/versions", more).body, "SecretString");
  };
  CHECK(value("") == "requests-second-value");
  CHECK(value("&versionStage=AWSPREVIOUS") == "requests-first-value");
  CHECK(value("&versionId=" + first) == "requests-first-value");
  CHECK(value("&versionId=" + first + "&versionStage=AWSPREVIOUS") == "requests-first-value");
}

TEST_CASE("each check answers with its status and line") {
  AgentWithAws scene;
  for (const Refusal& refusal : kRefusals) {
    CAPTURE(refusal.line);
    check_line(ask(scene.agent(), request_with({refusal.wrong})), refusal.status, refusal.line);
  }
  CHECK(scene.aws.count("GetSecretValue") == 0);
}

TEST_CASE("of two faults the earlier check answers") {
  AgentWithAws scene;
  for (std::size_t first = 0; first < kRefusals.size(); ++first) {
    for (std::size_t second = first + 1; second < kRefusals.size(); ++second) {
      CAPTURE(kRefusals[first].line);
      CAPTURE(kRefusals[second].line);
      const Answer answer = ask(scene.agent(), request_with({kRefusals[first].wrong, kRefusals[second].wrong}));
      check_line(answer, kRefusals[first].status, kRefusals[first].line);
    }
  }
}

TEST_CASE("a well-formed request that is refused leaves its connection open, but not if the token or a proxy is why") {
  AgentWithAws scene;
  HttpConnection connection = scene.agent().connect();
  for (const Refusal& refusal : kRefusals) {
    CAPTURE(refusal.line);
    if (refusal.wrong == Wrong::kForwarded || refusal.wrong == Wrong::kToken) {
      HttpConnection other = scene.agent().connect();
      other.send(request_with({refusal.wrong}));
      const Answer answer = other.read_answer();
      check_line(answer, refusal.status, refusal.line);
      CHECK(answer.header("Connection") == "close");
      CHECK(other.is_closed());
      continue;
    }
    connection.send(request_with({refusal.wrong}));
    check_line(connection.read_answer(), refusal.status, refusal.line);
  }
  connection.send(get_request("/ping"));
  CHECK(connection.read_answer().status == 200);
}

TEST_CASE("a malformed request is answered before any check") {
  AgentWithAws scene;
  const Answer answer =
      ask(scene.agent(), "POST /nothing HTTP/1.1\r\nX-Forwarded-For: 10.0.0.1\r\nContent-Length: 0\r\n\r\n");
  CHECK(answer.status == 400);
  CHECK(answer.body != "Forwarded");
}

TEST_CASE("of an unknown parameter and a bad refreshNow the one that stands first answers") {
  AgentWithAws scene;
  AgentProcess& agent = scene.agent();
  check_line(agent.get("/secretsmanager/get?secretId=a&refreshNow=maybe&colour=red"), 400, "invalid refreshNow value");
  check_line(agent.get("/secretsmanager/get?secretId=a&colour=red&refreshNow=maybe"), 400, "unknown parameter: colour");
  check_line(agent.get("/v1/a?colour=red"), 400, "unknown parameter: colour");
}

TEST_CASE("refreshNow takes true, false, 1 and 0 in any case") {
  AgentWithAws scene;
  scene.aws.put("requests/refresh", "requests-refresh-value");
  for (const char* value : {"true", "TRUE", "False", "1", "0"}) {
    INFO(std::string(value));
    CHECK(scene.agent().get_secret("requests/refresh", std::string("&refreshNow=") + value).status == 200);
  }
  for (const char* value : {"", "2", "yes", "tru"}) {
    INFO(std::string(value));
    CHECK(scene.agent().get_secret("requests/refresh", std::string("&refreshNow=") + value).status == 400);
  }
}

TEST_CASE("an empty secretId is a missing one") {
  AgentWithAws scene;
  check_line(scene.agent().get("/secretsmanager/get?secretId="), 400, "missing parameter secretId");
  check_line(scene.agent().get("/secretsmanager/get"), 400, "missing parameter secretId");
}

TEST_CASE("a bad percent escape is a 400") {
  AgentWithAws scene;
  for (const char* target : {"/secretsmanager/get?secretId=a%2", "/secretsmanager/get?secretId=a%zz", "/v1/a%"}) {
    INFO(std::string(target));
    CHECK(scene.agent().get(target).status == 400);
  }
  CHECK(scene.aws.count("GetSecretValue") == 0);
}

TEST_CASE("role ARNs that are none are refused before any call") {
  AgentWithAws scene;
  for (const char* role :
       {"", "arn:aws:iam::12345678901:role/a", "arn:aws:iam::123456789012:user/a", "arn:aws:iam::123456789012:role/",
        "arn:aws:sts::123456789012:role/a", "arn:aws:iam::123456789012:role/a%20b"}) {
    INFO(std::string(role));
    check_line(scene.agent().get_secret("a", std::string("&roleArn=") + role), 400, kBadRole);
  }
}

TEST_CASE("either token header opens, in any case of its name") {
  AgentWithAws scene;
  scene.aws.put("requests/token", "requests-token-value");
  for (const char* name : {"X-Aws-Parameters-Secrets-Token", "x-aws-parameters-secrets-token", "X-Vault-Token"}) {
    const Answer answer = ask(scene.agent(), "GET /v1/requests/token HTTP/1.1\r\nHost: localhost\r\n" +
                                                 std::string(name) + ": " + kToken + "\r\n\r\n");
    INFO(std::string(name));
    CHECK(answer.status == 200);
  }
  for (const std::string& token :
       std::vector<std::string>{"", std::string(kToken).substr(1), std::string(kToken) + "x"}) {
    const Answer answer = ask(
        scene.agent(), "GET /v1/requests/token HTTP/1.1\r\nHost: localhost\r\nX-Vault-Token: " + token + "\r\n\r\n");
    check_line(answer, 403, "Bad Token");
  }
}

TEST_CASE("other methods are refused with Allow, and HEAD gets no body") {
  AgentWithAws scene;
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "HEAD"}) {
    for (const char* path : {"/ping", "/v1/a"}) {
      INFO(std::string(method));
      if (std::string(method) == "HEAD" && std::string(path) == "/ping") continue;
      HttpConnection connection = scene.agent().connect();
      const std::string head = std::string(" HTTP/1.1\r\nHost: localhost\r\nX-Vault-Token: ") + kToken + "\r\n\r\n";
      connection.send(method + (" " + std::string(path)) + head);
      const bool to_head = std::string(method) == "HEAD";
      const Answer answer = connection.read_answer(to_head);
      CHECK(answer.status == 405);
      CHECK(answer.header("allow") == (std::string(path) == "/ping" ? "GET, HEAD" : "GET"));
      if (!to_head) CHECK(answer.body == "Not allowed");
    }
  }
}

TEST_CASE("HEAD is answered 200 without a body on the agent's own requests") {
  AgentWithAws scene;
  HttpConnection connection = scene.agent().connect();
  for (const char* path : {"/ping", "/status", "/ping"}) {
    connection.send("HEAD " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\nX-Vault-Token: " + kToken +
                    "\r\n\r\n");
    const Answer answer = connection.read_answer(true);
    CHECK(answer.status == 200);
    CHECK(answer.body.empty());
  }
}

TEST_CASE("ping and the query form win over a path prefix of one slash") {
  AgentWithAws scene(Variables{{"SMA_PATH_PREFIX", "/"}});
  scene.aws.put("requests/prefix", "requests-prefix-value");
  check_line(scene.agent().get("/ping"), 200, "healthy");
  CHECK(scene.agent().get("/secretsmanager/get?secretId=requests/prefix").status == 200);
  CHECK(scene.agent().get("/requests/prefix").status == 200);
  check_line(scene.agent().get("/"), 400, "missing secret ID");
}

}  // namespace sma::integration
