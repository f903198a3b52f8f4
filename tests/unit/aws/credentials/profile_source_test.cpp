#include "aws/credentials/profile_source.h"

#include <doctest/doctest.h>

#include "aws/credentials/container_source.h"
#include "aws/credentials/environment_source.h"
#include "aws/credentials/instance_metadata_source.h"
#include "tests/unit/aws/credentials/fixture.h"

using namespace sma;

namespace {

using Answer = FakeTransport::Answer;

struct ProfileFixture : CredentialsFixture {
  explicit ProfileFixture(Variables variables = {}) : environment(with_files(std::move(variables))) {}

  static Variables with_files(Variables variables) {
    variables["HOME"] = "/h";
    variables["AWS_CONFIG_FILE"] = "/c";
    variables["AWS_SHARED_CREDENTIALS_FILE"] = "/s";
    return variables;
  }
  Result<Credentials> ask(const std::string& config, const std::string& credentials = {}) {
    files.texts["/c"] = config;
    files.texts["/s"] = credentials;
    return load(source);
  }

  Environment environment;
  EnvironmentSource environment_source{environment};
  ContainerSource container_source{{environment, files, http}, context};
  InstanceMetadata metadata{{environment, files, http}, context};
  InstanceMetadataSource instance_source{metadata, context};
  ProfileSource source{
      {environment, files, http}, sts, processes, {environment_source, instance_source, container_source}, context};
};

const std::string kKeys = "aws_access_key_id = k\naws_secret_access_key = s\n";
const std::string kOldSso =
    "[default]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\nsso_account_id = "
    "123456789012\nsso_role_name = Read Only\n";
const std::string kNewSso =
    "[default]\nsso_session = my-sso\nsso_account_id = 123456789012\nsso_role_name = r\n"
    "[sso-session my-sso]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n";

}  // namespace

TEST_CASE("static keys of a profile, from both files") {
  ProfileFixture fixture;
  const auto found = fixture.ask("[default]\naws_access_key_id = k\n",
                                 "[default]\naws_secret_access_key = s\naws_session_token = t\n");
  REQUIRE(found.ok());
  CHECK(found->access_key_id == "k");
  CHECK(found->secret_access_key.view() == "s");
  CHECK(found->session_token.view() == "t");
  CHECK(found->source == "profile default, static keys");
}

TEST_CASE("the shared files are read again at every load") {
  ProfileFixture fixture;
  REQUIRE(fixture.ask("[default]\n" + kKeys).ok());
  CHECK(fixture.ask("[default]\naws_access_key_id = k2\naws_secret_access_key = s\n")->access_key_id == "k2");
}

TEST_CASE("roles are assumed one on top of the other") {
  ProfileFixture fixture;
  const auto found = fixture.ask(
      "[default]\nrole_arn = r1\nsource_profile = b\nexternal_id = e\nrole_session_name = n\nduration_seconds = 900\n"
      "[profile b]\nrole_arn = r2\nsource_profile = c\n[profile c]\n" +
      kKeys);
  REQUIRE(found.ok());
  CHECK(found->access_key_id == "ROLE2");
  CHECK(found->source == "profile default, role_arn");
  CHECK(fixture.sts.calls == std::vector<std::string>{"r2 with k", "r1 with ROLE1"});
  CHECK(fixture.sts.requests[0].session_name == "secrets-manager-agent-1800000000");
  CHECK(fixture.sts.requests[1].session_name == "n");
  CHECK(fixture.sts.requests[1].external_id == "e");
  CHECK(fixture.sts.requests[1].duration == Seconds(900));
}

TEST_CASE("a refused role names the profile and the role") {
  ProfileFixture fixture;
  fixture.sts.fault = Fault::of_aws(Fault::Kind::denied, 403, "AccessDenied", "not you");
  const auto found = fixture.ask("[default]\nrole_arn = r1\nsource_profile = default\n" + kKeys);
  CHECK(found.fault().is_denied());
  CHECK(found.fault().message == "profile default: AssumeRole of r1: AccessDenied: not you");
  CHECK(found.fault().http_status == 500);
  CHECK(found.fault().code == "InternalFailure");
}

TEST_CASE("trouble of STS with a profile's role may go away, and its status and code are not the client's") {
  ProfileFixture fixture;
  fixture.sts.fault = Fault::of_aws(Fault::Kind::transient, 500, "InternalFailure", "oops");
  const auto found = fixture.ask("[default]\nrole_arn = r1\nsource_profile = default\n" + kKeys);
  CHECK(found.fault().is_transient());
  CHECK_FALSE(found.fault().came_from_aws());
  CHECK(found.fault().http_status == 500);
  fixture.sts.fault = Fault::of_aws(Fault::Kind::throttled, 400, "Throttling", "slower");
  const auto throttled = fixture.ask("[default]\nrole_arn = r1\nsource_profile = default\n" + kKeys);
  CHECK(throttled.fault().is_transient());
  CHECK(throttled.fault().http_status == 500);
  CHECK(throttled.fault().code == "InternalFailure");
}

TEST_CASE("credential_source Environment") {
  ProfileFixture fixture(Variables{{"AWS_ACCESS_KEY_ID", "env"}, {"AWS_SECRET_ACCESS_KEY", "s"}});
  REQUIRE(fixture.ask("[default]\nrole_arn = r\ncredential_source = Environment\n").ok());
  CHECK(fixture.sts.calls == std::vector<std::string>{"r with env"});
}

TEST_CASE("credential_source EcsContainer") {
  ProfileFixture fixture(Variables{{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"}});
  fixture.http.answer = [&](const SeenRequest&) {
    return Answer{.body = R"({"AccessKeyId":"ecs","SecretAccessKey":"s","Expiration":")" + fixture.iso(Seconds(900)) +
                          "\"}"};
  };
  REQUIRE(fixture.ask("[default]\nrole_arn = r\ncredential_source = EcsContainer\n").ok());
  CHECK(fixture.sts.calls == std::vector<std::string>{"r with ecs"});
}

TEST_CASE("credential_source Ec2InstanceMetadata") {
  ProfileFixture fixture;
  fixture.http.answer = [&](const SeenRequest& request) {
    if (!request.url.ends_with("/role")) return Answer{.body = "role"};
    return Answer{.body = R"({"AccessKeyId":"ec2","SecretAccessKey":"s","Expiration":")" + fixture.iso(Seconds(900)) +
                          "\"}"};
  };
  REQUIRE(fixture.ask("[default]\nrole_arn = r\ncredential_source = Ec2InstanceMetadata\n").ok());
  CHECK(fixture.sts.calls == std::vector<std::string>{"r with ec2"});
}

TEST_CASE("a credential_source that has nothing, or that we do not know, is a fault that ends the search") {
  ProfileFixture fixture;
  fixture.http.answer = [](const SeenRequest&) { return Answer{.fault = Fault::timeout("slow"), .connected = false}; };
  const auto ask = [&](const std::string& name) {
    return fixture.ask("[default]\nrole_arn = r\ncredential_source = " + name + "\n").fault();
  };
  CHECK(ask("Environment").is_internal());
  CHECK(ask("Environment").message ==
        "profile default: credential_source Environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
  CHECK(ask("EcsContainer").is_internal());
  CHECK(ask("Ec2InstanceMetadata").is_transient());
  fixture.http.answer = [](const SeenRequest& request) {
    return Answer{.status = request.method == "PUT" ? 200 : 404, .body = "token"};
  };
  CHECK(ask("Ec2InstanceMetadata").is_internal());
  CHECK(ask("environment").message ==
        "profile default: credential_source must be Environment, Ec2InstanceMetadata or EcsContainer");
}

TEST_CASE("a profile's web identity token is exchanged") {
  ProfileFixture fixture;
  fixture.files.texts["/t"] = "token";
  const auto found = fixture.ask("[default]\nrole_arn = r\nweb_identity_token_file = /t\nrole_session_name = n\n");
  REQUIRE(found.ok());
  CHECK(fixture.sts.calls == std::vector<std::string>{"r by token token"});
  CHECK(fixture.sts.requests[0].session_name == "n");
}

TEST_CASE("credential_process prints credentials") {
  ProfileFixture fixture;
  fixture.processes.output =
      R"({"Version":1,"AccessKeyId":"p","SecretAccessKey":"s","SessionToken":"t","Expiration":"2027-01-15T08:00:01+00:00"})";
  const auto found = fixture.ask("[default]\ncredential_process = /bin/tool --arg 'a b'\n");
  REQUIRE(found.ok());
  CHECK(found->access_key_id == "p");
  CHECK(found->session_token.view() == "t");
  CHECK(found->expiration == WallTime(Seconds(1'800'000'001)));
  CHECK(found->source == "profile default, credential_process");
  CHECK(fixture.processes.commands.at(0) == std::vector<std::string>{"/bin/tool", "--arg", "a b"});
}

TEST_CASE("credential_process is run by sh if there is one in PATH") {
  const std::string output = R"({"Version":1,"AccessKeyId":"p","SecretAccessKey":"s"})";
  for (const auto& [path, shell] : {std::pair<std::string, std::string>{"", "/usr/bin/sh"},
                                    {"/first:/second", "/second/sh"},
                                    {"/first::/second", "./sh"}}) {
    ProfileFixture fixture(Variables{{"PATH", path}});
    fixture.files.texts[shell] = "";
    fixture.processes.output = output;
    REQUIRE(fixture.ask("[default]\ncredential_process = FOO=1 ~/cp.sh | 'tee' x\n").ok());
    CHECK(fixture.processes.commands.at(0) == std::vector<std::string>{"sh", "-c", "FOO=1 ~/cp.sh | 'tee' x"});
  }
  ProfileFixture fixture(Variables{{"PATH", "/first:/second"}});
  fixture.files.texts["/bin/sh"] = "";
  fixture.processes.output = output;
  REQUIRE(fixture.ask("[default]\ncredential_process = p a\n").ok());
  CHECK(fixture.processes.commands.at(0) == std::vector<std::string>{"p", "a"});
}

TEST_CASE("what a shell says of a credential_process names the program, not the variables before it") {
  ProfileFixture fixture;
  fixture.files.texts["/bin/sh"] = "";
  const auto ask = [&] {
    return fixture.ask("[default]\ncredential_process = KEY=hidden p --key hidden\n").fault().message;
  };
  fixture.processes.exit_status = 1;
  CHECK(ask() == "profile default: credential_process p ended with status 1");
  fixture.processes.exit_status = 127;
  CHECK(ask() == "profile default: credential_process p ended with status 127: sh did not find it");
  fixture.processes.exit_status = 126;
  CHECK(ask() == "profile default: credential_process p ended with status 126: sh could not execute it");
  fixture.processes.fault = Fault::timeout("sh was not done in time");
  CHECK(ask() == "profile default: credential_process p: sh was not done in time");
}

TEST_CASE("without a shell what needs one is refused by name, and nothing is run") {
  ProfileFixture fixture;
  for (const auto& [command, what] : {std::pair<std::string, std::string>{"~/cp.sh", "~"},
                                      {"$HOME/cp.sh", "$"},
                                      {"p | q", "|"},
                                      {"KEY=hidden p", "KEY="}})
    CHECK(fixture.ask("[default]\ncredential_process = " + command + "\n").fault().message ==
          "profile default: credential_process needs a shell for its " + what + ", and there is no sh in PATH");
  CHECK(fixture.processes.commands.empty());
}

TEST_CASE("credential_process has a minute, or less if the whole search has less") {
  for (const Seconds search : {Seconds(300), Seconds(20)}) {
    ProfileFixture fixture;
    fixture.files.texts["/c"] = "[default]\ncredential_process = p\n";
    const TimePoint begun = fixture.scheduler.now();
    CHECK_FALSE(fixture.finish(fixture.source.load(begun + search)).ok());
    CHECK(fixture.processes.deadlines.at(0) - begun == std::min(search, Seconds(60)));
  }
}

TEST_CASE("without an Expiration what credential_process prints does not expire") {
  ProfileFixture fixture;
  fixture.processes.output = R"({"Version":1,"AccessKeyId":"p","SecretAccessKey":"s"})";
  const auto found = fixture.ask("[default]\ncredential_process = p\n");
  REQUIRE(found.ok());
  CHECK_FALSE(found->expiration);
}

TEST_CASE("each refusal of credential_process names the program, never its output") {
  ProfileFixture fixture;
  const auto ask = [&](const std::string& output) {
    fixture.processes.output = output;
    const auto found = fixture.ask("[default]\ncredential_process = p hidden\n");
    REQUIRE_FALSE(found.ok());
    CHECK(found.fault().message.find("hidden") == std::string::npos);
    return found.fault().message;
  };
  CHECK(ask("hidden") == "profile default: credential_process p printed no JSON object");
  CHECK(ask("[1]") == "profile default: credential_process p printed no JSON object");
  CHECK(ask(R"({"AccessKeyId":"hidden","SecretAccessKey":"hidden"})") ==
        "profile default: credential_process p printed no Version 1");
  CHECK(ask(R"({"Version":"1","AccessKeyId":"hidden","SecretAccessKey":"hidden"})") ==
        "profile default: credential_process p printed no Version 1");
  CHECK(ask(R"({"Version":2,"AccessKeyId":"hidden","SecretAccessKey":"hidden"})") ==
        "profile default: credential_process p printed no Version 1");
  CHECK(ask(R"({"Version":1,"SecretAccessKey":"hidden"})") ==
        "profile default: credential_process p: the answer has no AccessKeyId");
  CHECK(ask(R"({"Version":1,"AccessKeyId":"hidden"})") ==
        "profile default: credential_process p: the answer has no SecretAccessKey");
  CHECK(ask(R"({"Version":1,"AccessKeyId":"hidden","SecretAccessKey":"hidden","Expiration":"hidden"})") ==
        "profile default: credential_process p: the answer's Expiration is no time");
  fixture.processes.exit_status = 3;
  CHECK(ask("hidden") == "profile default: credential_process p ended with status 3");
  fixture.processes.fault = Fault::timeout("p was not done in time");
  CHECK(ask("") == "profile default: p was not done in time");
  CHECK(fixture.ask("[default]\ncredential_process = 'open\n").fault().message ==
        "profile default: credential_process has an open quote or no program");
}

TEST_CASE("a sign-in is found by the start URL, in the older form, and by the session's name in the newer one") {
  SsoSettings settings;
  settings.start_url = "https://d-92671207e4.awsapps.com/start";
  CHECK(settings.token_file_name() == "13f9d35043871d073ab260e020f0ffde092cb14b.json");
  settings.session = "admin";
  CHECK(settings.token_file_name() == "d033e22ae348aeb5660fc2140aec35850c4da997.json");
}

TEST_CASE("IAM Identity Center returns a role's credentials, in both forms") {
  for (const std::string& config : {kOldSso, kNewSso}) {
    ProfileFixture fixture;
    SsoSettings settings;
    settings.start_url = "https://x.awsapps.com/start";
    settings.session = config == kNewSso ? "my-sso" : "";
    fixture.files.texts["/h/.aws/sso/cache/" + settings.token_file_name()] =
        R"({"accessToken":"bearer","expiresAt":")" + fixture.iso(Seconds(60)) + "\"}";
    fixture.http.answer = [](const SeenRequest&) {
      return Answer{
          .body =
              R"({"roleCredentials":{"accessKeyId":"sso","secretAccessKey":"s","sessionToken":"t","expiration":1800003600000}})"};
    };
    const auto found = fixture.ask(config);
    REQUIRE(found.ok());
    CHECK(found->access_key_id == "sso");
    CHECK(found->session_token.view() == "t");
    CHECK(found->expiration == WallTime(Seconds(1'800'003'600)));
    CHECK(found->source == "profile default, sso");
    const SeenRequest& request = fixture.http.requests.at(0);
    CHECK(
        request.url.starts_with(
            "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?account_id=123456789012&role_name=R") ==
        (config == kOldSso));
    CHECK(request.fields.at("x-amz-sso_bearer_token") == "bearer");
    CHECK_FALSE(request.queued);
    CHECK(request.limits.connecting == Milliseconds(3100));
    CHECK(request.limits.answering == Seconds(15));
    CHECK(request.max_answer_bytes == 256 * 1024);
  }
}

TEST_CASE("what is written into the SSO portal's URL is encoded") {
  ProfileFixture fixture;
  SsoSettings settings;
  settings.start_url = "https://x.awsapps.com/start";
  fixture.files.texts["/h/.aws/sso/cache/" + settings.token_file_name()] =
      R"({"accessToken":"b","expiresAt":")" + fixture.iso(Seconds(60)) + "\"}";
  CHECK_FALSE(fixture.ask(kOldSso).ok());
  CHECK(fixture.http.requests.at(0).url.ends_with("role_name=Read%20Only"));
}

TEST_CASE("the SSO portal can be overridden like any service") {
  ProfileFiles files;
  const auto url = [&](Variables variables) {
    return *sso_portal_url(Environment(std::move(variables)), files, "cn-north-1");
  };
  CHECK(url({}) == "https://portal.sso.cn-north-1.amazonaws.com.cn");
  CHECK(url({{"AWS_ENDPOINT_URL", "http://a/"}}) == "http://a");
  CHECK(url({{"AWS_ENDPOINT_URL", "http://a"}, {"AWS_ENDPOINT_URL_SSO", "http://b"}}) == "http://b");
  CHECK(url({{"AWS_ENDPOINT_URL", "http://a"}, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}}) ==
        "https://portal.sso.cn-north-1.amazonaws.com.cn");
  CHECK_FALSE(sso_portal_url(Environment(Variables{}), files, "evil.example/").ok());
}

TEST_CASE("each refusal of a sign-in says to log in") {
  ProfileFixture fixture;
  SsoSettings settings;
  settings.start_url = "https://x.awsapps.com/start";
  const std::string path = "/h/.aws/sso/cache/" + settings.token_file_name();
  const auto ask = [&](const std::string& token) {
    fixture.files.texts[path] = token;
    const std::string message = fixture.ask(kOldSso).fault().message;
    CHECK(message.ends_with("log in: aws sso login --profile default"));
    CHECK(message.find("hidden") == std::string::npos);
    return message;
  };
  CHECK(fixture.ask(kOldSso).fault().message.starts_with("profile default: no sign-in is kept: cannot read " + path));
  CHECK(ask("hidden").find("is no JSON") != std::string::npos);
  fixture.files.planted = {path};
  CHECK(ask("{}").find("cannot read " + path + ": planted") != std::string::npos);
  fixture.files.planted = {};
  CHECK(ask(R"({"expiresAt":"2030-01-01T00:00:00Z"})").find("lacks accessToken") != std::string::npos);
  CHECK(ask(R"({"accessToken":"hidden","expiresAt":"hidden"})").find("lacks accessToken or expiresAt") !=
        std::string::npos);
  CHECK(ask(R"({"accessToken":"hidden","expiresAt":")" + fixture.iso(-Seconds(1)) + "\"}").find("has expired") !=
        std::string::npos);
  CHECK(fixture.http.requests.empty());
  fixture.http.answer = [](const SeenRequest&) {
    return Answer{.status = 401, .body = R"({"message":"Session token not found or invalid"})"};
  };
  CHECK(ask(R"({"accessToken":"hidden","expiresAt":")" + fixture.iso(Seconds(60)) + "\"}")
            .find("answered 401: Session token not found") != std::string::npos);
  CHECK(fixture.http.requests.size() == 1);
}

TEST_CASE("the SSO portal gets three attempts if its fault is transient") {
  for (const Answer& answer :
       {Answer{.status = 500}, Answer{.status = 429}, Answer{.body = "{}"}, Answer{.fault = Fault::timeout("slow")},
        Answer{.body = R"({"roleCredentials":{"accessKeyId":"a","secretAccessKey":"b"}})"}}) {
    ProfileFixture fixture;
    SsoSettings settings;
    settings.start_url = "https://x.awsapps.com/start";
    fixture.files.texts["/h/.aws/sso/cache/" + settings.token_file_name()] =
        R"({"accessToken":"b","expiresAt":")" + fixture.iso(Seconds(60)) + "\"}";
    fixture.http.answer = [&](const SeenRequest&) { return answer; };
    CHECK(fixture.ask(kOldSso).fault().is_transient());
    CHECK(fixture.http.requests.size() == 3);
  }
}

TEST_CASE("each refusal of an SSO profile names the key") {
  ProfileFixture fixture;
  const auto ask = [&](const std::string& config) { return fixture.ask(config).fault().message; };
  CHECK(ask("[default]\nsso_account_id = 1\n") == "profile default: sso_start_url is missing");
  CHECK(ask("[default]\nsso_session = s\nsso_account_id = 1\n") == "profile default: there is no [sso-session s]");
  CHECK(ask("[default]\nsso_session = s\nsso_region = a\n[sso-session s]\nsso_start_url = u\nsso_region = b\n") ==
        "profile default: sso_region differs from that of [sso-session s]");
  CHECK(ask("[default]\nsso_session = s\n[sso-session s]\nsso_start_url = u\nsso_region = b\n") ==
        "profile default: sso_account_id is missing");
}

TEST_CASE("what the shared files hold in vain is logged once") {
  ProfileFixture fixture;
  REQUIRE(fixture.ask("[dev]\n[default]\n" + kKeys).ok());
  REQUIRE(fixture.ask("[dev]\n[default]\n" + kKeys).ok());
  CHECK(fixture.lines.count("WARN [dev] is ignored") == 1);
}

TEST_CASE("shared files that cannot be read end the search") {
  ProfileFixture fixture;
  CHECK(fixture.ask("nonsense\n").fault().is_internal());
  CHECK(fixture.ask("", "").fault().is_absent());
}
