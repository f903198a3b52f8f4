#include <doctest/doctest.h>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/crowd.h"

namespace sma::integration {

namespace {

std::string role_arn(const std::string& name) { return "arn:aws:iam::123456789012:role/" + name; }

std::string with_role(const std::string& name) { return "&roleArn=" + percent_encode(role_arn(name)); }

void add_role(AgentWithAws& scene, const std::string& name, std::vector<std::string> session_names = {}) {
  scene.aws.with([&](auto& world) {
    standin::Role role;
    role.arn = role_arn(name);
    role.session_names = std::move(session_names);
    world.add_role(std::move(role));
  });
}

std::string target(const std::string& id, const std::string& parameters) {
  return "/secretsmanager/get?secretId=" + percent_encode(id) + parameters;
}

}  // namespace

TEST_CASE("a role is assumed once and its keys sign every call made for it") {
  AgentWithAws scene;
  add_role(scene, "reader");
  for (const char* id : {"roles/one", "roles/two", "roles/three"}) {
    scene.aws.put(id, "roles-once-value");
    CHECK(scene.agent().get_secret(id, with_role("reader")).status == 200);
    CHECK(scene.aws.last("GetSecretValue").signature.principal_arn ==
          "arn:aws:sts::123456789012:assumed-role/reader/secrets-manager-agent");
  }
  CHECK(scene.aws.count("AssumeRole") == 1);
}

TEST_CASE("each role has a cache of its own") {
  AgentWithAws scene;
  add_role(scene, "first");
  add_role(scene, "second");
  scene.aws.put("roles/cached", "roles-cached-value");
  for (int i = 0; i < 3; ++i) {
    CHECK(scene.agent().get_secret("roles/cached").status == 200);
    CHECK(scene.agent().get_secret("roles/cached", with_role("first")).status == 200);
    CHECK(scene.agent().get_secret("roles/cached", with_role("second")).status == 200);
  }
  CHECK(scene.aws.count("GetSecretValue") == 3);
  CHECK(scene.aws.count("AssumeRole") == 2);
}

TEST_CASE("trust policies see the session name of the AWS agent that is stood in for") {
  for (const bool as_version_3 : {false, true}) {
    AgentSettings settings;
    if (as_version_3) settings.arguments = {"sm", "start"};
    AgentWithAws scene({}, settings);
    add_role(scene, "named", {as_version_3 ? "secrets-manager-provider" : "secrets-manager-agent"});
    scene.aws.put("roles/named", "roles-named-value");
    CHECK(scene.agent().get_secret("roles/named", with_role("named")).status == 200);
  }
}

TEST_CASE("a role that may not be assumed is a 403, and nothing is fetched for it") {
  AgentWithAws scene;
  scene.aws.put("roles/refused", "roles-refused-value");
  const Answer answer = scene.agent().get_secret("roles/refused", with_role("stranger"));
  CHECK(answer.status == 403);
  CHECK(member(answer.body, "__type") == "AccessDeniedException");
  CHECK(scene.aws.count("GetSecretValue") == 0);
}

TEST_CASE("whatever STS answers to an assumption is a 403 as well; trouble of its own is tried three times") {
  AgentWithAws scene;
  add_role(scene, "reader");
  scene.aws.put("roles/trouble", "roles-trouble-value");
  const auto check_denied = [&](standin::FaultPlan plan, int attempts) {
    scene.aws.clear_records();
    scene.aws.fail(std::move(plan).on("AssumeRole").times(attempts));
    const Answer answer = scene.agent().get_secret("roles/trouble", with_role("reader"));
    CHECK(answer.status == 403);
    CHECK(member(answer.body, "__type") == "AccessDeniedException");
    CHECK(scene.aws.count("AssumeRole") == static_cast<std::size_t>(attempts));
  };
  for (const auto& [status, code] :
       {std::pair{500, "InternalFailure"}, std::pair{503, "ServiceUnavailable"}, std::pair{504, "TimeoutError"},
        std::pair{502, "ConnectionError"}, std::pair{400, "Throttling"}, std::pair{429, "TooManyRequestsException"}}) {
    CAPTURE(code);
    check_denied(standin::FaultPlan::sts_error(status, code), 3);
  }
  for (const char* code : {"InternalFailure", "TimeoutError", "ConnectionError"}) {
    CAPTURE(code);
    check_denied(standin::FaultPlan::sts_error(400, code), 1);
  }
  check_denied(standin::FaultPlan::body(503, "<html>no XML of STS"), 3);
  CHECK(scene.agent().get_secret("roles/trouble", with_role("reader")).status == 200);
}

TEST_CASE("more roles than max_roles are a 400; those known go on, and a refused one takes no place") {
  AgentWithAws scene(Variables{{"SMA_MAX_ROLES", "2"}});
  for (const char* name : {"first", "second", "third"}) add_role(scene, name);
  scene.aws.put("roles/many", "roles-many-value");
  CHECK(scene.agent().get_secret("roles/many", with_role("stranger")).status == 403);
  CHECK(scene.agent().get_secret("roles/many", with_role("first")).status == 200);
  CHECK(scene.agent().get_secret("roles/many", with_role("second")).status == 200);
  const Answer answer = scene.agent().get_secret("roles/many", with_role("third"));
  CHECK(answer.status == 400);
  CHECK(member(answer.body, "__type") == "MaxRolesExceeded");
  CHECK(scene.aws.count("AssumeRole", role_arn("third")) == 0);
  CHECK(scene.agent().get_secret("roles/many", with_role("first") + "&refreshNow=true").status == 200);
}

TEST_CASE("a role whose assumption hangs delays no other role") {
  AgentWithAws scene;
  add_role(scene, "slow");
  add_role(scene, "quick");
  scene.aws.put("roles/delay", "roles-delay-value");
  auto gate = std::make_shared<standin::Gate>();
  scene.aws.fail(
      standin::FaultPlan::held(gate).on("AssumeRole").secret(role_arn("slow")).times(standin::FaultPlan::kAlways));
  HttpConnection waiting = scene.agent().connect();
  waiting.send(get_request(target("roles/delay", with_role("slow"))));
  gate->wait_for(1);
  CHECK(scene.agent().get_secret("roles/delay", with_role("quick")).status == 200);
  CHECK(scene.agent().get_secret("roles/delay").status == 200);
  CHECK_FALSE(waiting.has_input());
  gate->open();
  CHECK(waiting.read_answer().status == 200);
}

TEST_CASE("many first requests for one role share one assumption") {
  AgentWithAws scene;
  add_role(scene, "shared");
  const auto gate = scene.aws.hold("AssumeRole");
  Crowd crowd(scene.agent(), 20);
  for (std::size_t i = 0; i < crowd.clients().size(); ++i) {
    const std::string id = "roles/shared" + std::to_string(i);
    scene.aws.put(id, "roles-shared-value");
    crowd.clients()[i].send(get_request(target(id, with_role("shared"))));
  }
  gate->wait_for(1);
  CHECK(scene.agent().get("/ping").status == 200);
  gate->open();
  for (const Answer& answer : crowd.read_all()) CHECK(answer.status == 200);
  CHECK(scene.aws.count("AssumeRole") == 1);
}

}  // namespace sma::integration
