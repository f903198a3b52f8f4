#include <doctest/doctest.h>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/secret_registry.h"

// Each source of credentials by the real binary: AWS sees whose keys a call is signed with.

namespace sma::integration {

namespace {

using standin::Principal;
using standin::World;

const std::string kUser = "arn:aws:iam::123456789012:user/";
const std::string kRoleArn = "arn:aws:iam::123456789012:role/";
const std::string kAssumed = "arn:aws:sts::123456789012:assumed-role/";

/// A home folder, an AWS that knows one more key pair, and an agent that has no keys but what a test gives it.
struct Scene {
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;
  explicit Scene(const Variables& more = {}, AgentSettings settings = {})
      : with_aws(variables(more), std::move(settings)) {
    aws().put("credentials/some", "credentials-some-value");
    add_keys("AKIAPROFILE000000001", "profile");
  }

  static std::string secret_of(const std::string& id) { return "secret+key/of/" + id; }
  static std::string keys(const std::string& id) {
    return "aws_access_key_id = " + id + "\naws_secret_access_key = " + secret_of(id) + "\n";
  }

  Variables variables(const Variables& more) const {
    Variables all{{"AWS_ACCESS_KEY_ID", ""}, {"AWS_SECRET_ACCESS_KEY", ""}, {"HOME", home.path()}};
    for (const auto& [name, value] : more) all[name] = value;
    return all;
  }
  void add_keys(const std::string& id, const std::string& user, const std::string& token = "") {
    aws().with([&](World& world) { world.keys.add({id, secret_of(id), token, kUser + user, std::nullopt}); });
  }
  void add_role(standin::Role role) {
    aws().with([&](World& world) { world.add_role(std::move(role)); });
  }
  /// Starts the agent, gets the secret, and gives whose keys were used.
  std::string who_reads() {
    const Answer answer = agent().get_secret("credentials/some");
    CAPTURE(answer.body);
    CHECK(answer.status == 200);
    return aws().last("GetSecretValue").signature.principal_arn;
  }
  bool logged(const std::string& text) { return agent().logs(text); }

  standin::Standin& aws() { return with_aws.aws; }
  AgentProcess& agent() { return with_aws.agent(); }

  TempFolder home;
  AgentWithAws with_aws;
};

/// What the start says that must fail.
std::string start_fails(Scene& scene, const Variables& more = {}) {
  AgentSettings settings;
  settings.environment = scene.aws().environment();
  for (const auto& [name, value] : scene.variables(more)) settings.environment[name] = value;
  const Outcome outcome = run_agent(settings);
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.output.empty());
  return outcome.errors;
}

void check_holds(const std::string& text, const std::string& part) {
  CAPTURE(text);
  CAPTURE(part);
  CHECK(text.find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("keys of the environment, with a session token") {
  Scene scene(Variables{{"AWS_ACCESS_KEY_ID", "ASIAENVIRONMENT00001"},
                        {"AWS_SECRET_ACCESS_KEY", Scene::secret_of("ASIAENVIRONMENT00001")},
                        {"AWS_SESSION_TOKEN", "session-token-of-the-environment"}});
  scene.add_keys("ASIAENVIRONMENT00001", "environment", "session-token-of-the-environment");
  CHECK(scene.who_reads() == kUser + "environment");
  CHECK(scene.logged("INFO credentials found source=environment"));
}

TEST_CASE("keys of a named profile, a half of them in each file") {
  Scene scene(Variables{{"AWS_PROFILE", "team/app"}});
  scene.home.write(".aws/config", "[profile team/app]\naws_access_key_id = AKIAPROFILE000000001\n");
  scene.home.write(".aws/credentials",
                   "[team/app]\naws_secret_access_key=" + Scene::secret_of("AKIAPROFILE000000001") + "\n");
  CHECK(scene.who_reads() == kUser + "profile");
  CHECK(scene.logged("INFO credentials found source=\"profile team/app, static keys\""));
}

TEST_CASE("a role on a role on the keys of a profile") {
  Scene scene;
  standin::Role outer;
  outer.arn = kRoleArn + "outer";
  outer.session_names = {"my-session"};
  outer.principals = {kAssumed + "inner/"};
  outer.external_id = "an id";
  standin::Role inner;
  inner.arn = kRoleArn + "inner";
  inner.principals = {kUser + "profile"};
  scene.add_role(outer);
  scene.add_role(inner);
  scene.home.write(".aws/config", "[default]\nrole_arn = " + outer.arn +
                                      "\nsource_profile = middle\nrole_session_name = my-session\n"
                                      "external_id = an id\nduration_seconds = 900\n[profile middle]\nrole_arn = " +
                                      inner.arn + "\nsource_profile = base\n[profile base]\n" +
                                      Scene::keys("AKIAPROFILE000000001"));
  CHECK(scene.who_reads() == kAssumed + "outer/my-session");
  CHECK(scene.logged("INFO credentials found source=\"profile default, role_arn\" expires_in_seconds="));
}

TEST_CASE("a real credential_process, that says things on standard error, with words as a shell would split them") {
  Scene scene;
  const std::string tool = scene.home.write("tool", R"(#!/bin/sh
echo "noise: $# words" >&2
[ "$#" = 3 ] && [ "$1" = "two words" ] && [ "$2" = '$HOME' ] && [ "$3" = 'a"b' ] || exit 3
printf '{"Version": 1, "AccessKeyId": "%s", "SecretAccessKey": "%s"}\n' AKIAPROFILE000000001 secret+key/of/AKIAPROFILE000000001
)");
  scene.home.write(".aws/config", "[default]\ncredential_process = sh " + tool + " 'two words' \"\\$HOME\" a\\\"b\n");
  CHECK(scene.who_reads() == kUser + "profile");
  CHECK(scene.logged("INFO credentials found source=\"profile default, credential_process\""));
  CHECK(scene.logged("no sandbox: the active profile has a credential_process"));
}

TEST_CASE("each way a real credential_process fails ends the start with its reason, and never with its output") {
  Scene scene;
  struct Row {
    const char* script;
    const char* said;
  };
  for (const Row& row :
       {Row{"echo output-nobody-may-see; exit 3", "ended with status 3"}, Row{"kill -9 $$", "ended with status 137"},
        Row{"echo output-nobody-may-see", "printed no JSON object"},
        Row{R"(echo '{"Version":2,"AccessKeyId":"A","SecretAccessKey":"output-nobody-may-see"}')",
            "printed no Version 1"},
        Row{R"(echo '{"Version":1,"AccessKeyId":"output-nobody-may-see"}')", "no SecretAccessKey"},
        Row{"yes output-nobody-may-see", "wrote more than 64 KiB"}}) {
    const std::string tool = scene.home.write("tool", row.script);
    scene.home.write(".aws/config", "[default]\ncredential_process = sh " + tool + "\n");
    const std::string said = start_fails(scene);
    check_holds(said, row.said);
    CHECK(said.find("output-nobody-may-see") == std::string::npos);
  }
  scene.home.write(".aws/config", "[default]\ncredential_process = /nowhere/tool\n");
  check_holds(start_fails(scene), "credential_process /nowhere/tool ended with status 127: sh did not find it");
}

TEST_CASE("a credential_process may be anything that a shell runs, and its exit status decides") {
  for (const char* command : {"KEYS=keys sh ~/tool", "cat < $HOME/keys | cat", "sleep 0; cat ~/keys # the keys",
                              "sh -c 'cat $0' \"$HOME/keys\" 2>/dev/null"}) {
    INFO(std::string(command));
    Scene scene;
    scene.home.write("keys", R"({"Version": 1, "AccessKeyId": "AKIAPROFILE000000001",
"SecretAccessKey": "secret+key/of/AKIAPROFILE000000001"})");
    scene.home.write("tool", "cat \"$HOME/$KEYS\"\n");
    scene.home.write(".aws/config", "[default]\ncredential_process = " + std::string(command) + "\n");
    CHECK(scene.who_reads() == kUser + "profile");
  }
  Scene scene;
  scene.home.write(".aws/config", "[default]\ncredential_process = echo output | cat; exit 4\n");
  check_holds(start_fails(scene), "credential_process echo ended with status 4");
}

TEST_CASE("if there is no shell, a credential_process that needs one is refused by what needs it") {
  Scene scene;
  scene.home.write(".aws/config", "[default]\ncredential_process = /bin/cat ~/keys\n");
  check_holds(start_fails(scene, {{"PATH", "/nowhere"}}),
              "credential_process needs a shell for its ~, and there is no sh in PATH");
}

TEST_CASE("a sign-in of IAM Identity Center, in both forms") {
  // SHA-1 of `my-session` and of the start URL.
  struct Row {
    const char* profile;
    const char* file;
  };
  for (const Row& row :
       {Row{"sso_session = my-session\n[sso-session my-session]\nsso_start_url = https://x.awsapps.com/start\n"
            "sso_region = eu-west-1\n",
            "9e28173066ce536e277c5fb355efd9c64f398167"},
        Row{"sso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n",
            "3947de8b16688092197fa616c34e01335f21d256"}}) {
    Scene scene;
    scene.aws().with([](World& world) { world.sso.bearer = "bearer-token-of-the-sign-in"; });
    standin::Role role;
    role.arn = kRoleArn + "ReadOnly";
    scene.add_role(role);
    scene.home.write(".aws/config",
                     "[default]\nsso_account_id = 123456789012\nsso_role_name = ReadOnly\n" + std::string(row.profile));
    const std::string token = ".aws/sso/cache/" + std::string(row.file) + ".json";
    check_holds(start_fails(scene), "aws sso login --profile default");
    scene.home.write(token, R"({"accessToken":"bearer-token-of-the-sign-in","expiresAt":"2020-01-01T00:00:00Z"})");
    check_holds(start_fails(scene), "the sign-in has expired");
    scene.home.write(token, R"({"accessToken":"bearer-token-of-the-sign-in","expiresAt":"2099-01-01T00:00:00Z"})");
    CHECK(scene.who_reads() == kAssumed + "AWSReservedSSO_ReadOnly/someone");
    CHECK(scene.logged("INFO credentials found source=\"profile default, sso\""));
  }
}

TEST_CASE("a web identity, as EKS gives it to pods: unsigned, with the token as it is in the file now") {
  const TempFolder folder;
  const Variables in_a_pod{{"AWS_WEB_IDENTITY_TOKEN_FILE", folder.path() / "token"},
                           {"AWS_ROLE_ARN", kRoleArn + "pod"},
                           {"AWS_ROLE_SESSION_NAME", "pod-session"}};
  Scene scene(in_a_pod);
  standin::Role role;
  role.arn = kRoleArn + "pod";
  role.web_identity_tokens = {"second.jwt.of.the.pod"};
  role.session_names = {"pod-session"};
  scene.add_role(role);
  folder.write("token", "first.jwt.of.the.pod");
  check_holds(start_fails(scene, in_a_pod), "AssumeRoleWithWebIdentity of " + role.arn);

  folder.write("token", "second.jwt.of.the.pod\n");
  CHECK(scene.who_reads() == kAssumed + "pod/pod-session");
  CHECK(scene.aws().last("AssumeRoleWithWebIdentity").signature.verdict == standin::Verdict::kUnsigned);
  CHECK(scene.logged("INFO credentials found source=\"web identity\""));
}

TEST_CASE("a source that is configured but broken is not replaced by the next one") {
  Scene scene;
  scene.home.write(".aws/config", "[profile other]\n" + Scene::keys("AKIAPROFILE000000001"));
  const Variables working{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", scene.aws().url() + "/credentials"}};
  const auto with = [&](Variables more) {
    more.insert(working.begin(), working.end());
    return start_fails(scene, more);
  };
  check_holds(with({{"AWS_ACCESS_KEY_ID", "AKIAPROFILE000000001"}}), "AWS_SECRET_ACCESS_KEY");
  check_holds(with({{"AWS_PROFILE", "missing"}}), "profile missing, named by AWS_PROFILE");
  check_holds(with({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token"}}), "AWS_ROLE_ARN");
  check_holds(with({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token"}, {"AWS_ROLE_ARN", kRoleArn + "x"}}),
              "/nowhere/token");
  scene.home.write(".aws/config", "[default]\naws_access_key_id = AKIAPROFILE000000001\n");
  check_holds(with({}), "aws_secret_access_key");
  scene.home.write(".aws/config", "[default]\nrole_arn = x\nsource_profile = a\nmfa_serial = m\n");
  check_holds(with({}), "mfa_serial");
  scene.home.write(".aws/config", "[default]\nlogin_session = x\n");
  check_holds(with({}), "login_session");
  scene.home.write(
      ".aws/config",
      "[default]\nrole_arn = x\nsource_profile = a\n[profile a]\nrole_arn = y\nsource_profile = default\n");
  check_holds(with({}), "circle");
  CHECK(scene.aws().count("container:credentials") == 0);
}

TEST_CASE("a container's token file that ends in a line end is refused, as the SDKs do") {
  Scene scene;
  const std::string token = scene.home.write("token", "container-token-0123456789\n");
  check_holds(start_fails(scene, {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", scene.aws().url() + "/credentials"},
                                  {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token}}),
              "line break");
  CHECK(scene.aws().count("container:credentials") == 0);
}

TEST_CASE("variables that Compose leaves empty count as unset") {
  AgentSettings settings;
  settings.wrapper = {"env",
                      "AWS_ACCESS_KEY_ID=",
                      "AWS_SECRET_ACCESS_KEY= ",
                      "AWS_SESSION_TOKEN=",
                      "AWS_WEB_IDENTITY_TOKEN_FILE=",
                      "AWS_ROLE_ARN=",
                      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=",
                      "AWS_CONTAINER_CREDENTIALS_FULL_URI=\t",
                      "AWS_PROFILE=",
                      "AWS_CONFIG_FILE="};
  Scene scene(Variables(), settings);
  scene.home.write(".aws/credentials", "[default]\n" + Scene::keys("AKIAPROFILE000000001"));
  CHECK(scene.who_reads() == kUser + "profile");
}

}  // namespace sma::integration
