#include "aws/credentials/container_source.h"

#include <doctest/doctest.h>

#include "tests/unit/aws/credentials/fixture.h"

using namespace sma;

namespace {

const std::string kRelative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const std::string kFull = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

struct ContainerFixture : CredentialsFixture {
  ContainerFixture() {
    http.answer = [this](const SeenRequest&) { return FakeTransport::Answer{.body = good()}; };
  }
  [[nodiscard]] std::string good() const {
    return R"({"AccessKeyId":"k","SecretAccessKey":"s","Token":"t","Expiration":")" + iso(Seconds(3600)) + "\"}";
  }
  Result<Credentials> ask(Variables variables) {
    environment = Environment(std::move(variables));
    ContainerSource source({environment, files, http}, context);
    return load(source);
  }
  Environment environment{Variables{}};
};

}  // namespace

TEST_CASE("a relative URI is asked for on the ECS agent's address, and wins over a full one") {
  ContainerFixture fixture;
  const auto found = fixture.ask({{kRelative, "/v2/x?y=z"}, {kFull, "http://localhost/"}});
  REQUIRE(found.ok());
  CHECK(found->access_key_id == "k");
  CHECK(found->secret_access_key.view() == "s");
  CHECK(found->session_token.view() == "t");
  CHECK(found->expiration == fixture.scheduler.wall_now() + Seconds(3600));
  const SeenRequest& request = fixture.http.requests.at(0);
  CHECK(request.url == "http://169.254.170.2/v2/x?y=z");
  CHECK(request.method == "GET");
  CHECK_FALSE(request.queued);
  CHECK(request.limits.lookup == Seconds(2));
  CHECK(request.limits.handshaking == Seconds(2));
  CHECK(request.attempt_time == Seconds(5));
  CHECK(request.max_answer_bytes == 256 * 1024);
  CHECK_FALSE(request.fields.contains("Authorization"));
}

TEST_CASE("plain http is for this machine and for the agents of ECS and EKS, as addresses") {
  for (const char* url :
       {"http://localhost:1/", "http://LOCALHOST/", "http://127.0.0.1/", "http://127.9.9.9/", "http://127.1/",
        "http:///127.0.0.1/", "http://0177.0.0.1/", "http://0x7f.1/", "http://[::1]/", "http://[0:0:0:0:0:0:0:1]/",
        "http://[::ffff:127.0.0.1]/", "http://169.254.170.2/", "http://169.254.170.23/x", "http://2852039191/",
        "http://0xa9feaa02/", "http://user@localhost/", "http://[fd00:ec2::23]/", "http://[FD00:0EC2::0023]/"}) {
    CAPTURE(std::string(url));
    ContainerFixture fixture;
    REQUIRE(fixture.ask({{kFull, url}}).ok());
    CHECK(fixture.http.requests.at(0).url == url);
  }
}

TEST_CASE("plain http to anywhere else, and other schemes, are refused without a request") {
  for (const char* url : {"http://example.com/",
                          "http://169.254.170.3/",
                          "http://169.254.170.2@example.com/",
                          "http://localhost.example.com/",
                          "http://127.0.0.1.example.com/",
                          "http://128.0.0.1/",
                          "http://[::2]/",
                          "http://[fd00:ec2::24]/",
                          "http://[fe80::1%25lo]/",
                          "http://[::1%25lo]/",
                          "http://[fd00:ec2::23%25eth0]/",
                          "http://[::127.0.0.1]/",
                          "http://0251.0376.0252.0003/",
                          "http://127.0.0.1.nip.io/",
                          "http://localhost.evil/",
                          "http://foo.localhost/",
                          "http://169.254.170.2\\@example.com/",
                          "http://example.com#@127.0.0.1/",
                          "http://example.com?@127.0.0.1/",
                          "http://127.0.0.256/",
                          "http:// 127.0.0.1/",
                          "ftp://localhost/",
                          "file:///etc/passwd",
                          "gopher://127.0.0.1/",
                          "localhost/x",
                          "no url",
                          "http://"}) {
    CAPTURE(std::string(url));
    ContainerFixture fixture;
    const auto found = fixture.ask({{kFull, url}});
    REQUIRE_FALSE(found.ok());
    CHECK(found.fault().is_internal());
    CHECK(fixture.http.requests.empty());
  }
}

TEST_CASE("https may go anywhere") {
  ContainerFixture fixture;
  REQUIRE(fixture.ask({{kFull, "https://example.com/c"}}).ok());
  CHECK(fixture.http.requests.at(0).url == "https://example.com/c");
}

TEST_CASE("the token of the file wins, and is read at every call") {
  ContainerFixture fixture;
  const Variables variables{{kFull, "http://localhost/"},
                            {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/t"},
                            {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "no"}};
  fixture.files.texts["/t"] = "one";
  REQUIRE(fixture.ask(variables).ok());
  fixture.files.texts["/t"] = "two";
  REQUIRE(fixture.ask(variables).ok());
  CHECK(fixture.http.requests.at(0).fields.at("Authorization") == "one");
  CHECK(fixture.http.requests.at(1).fields.at("Authorization") == "two");
}

TEST_CASE("the token goes with a relative URI too") {
  ContainerFixture fixture;
  REQUIRE(fixture.ask({{kRelative, "/x"}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic x"}}).ok());
  CHECK(fixture.http.requests.at(0).fields.at("Authorization") == "Basic x");
}

TEST_CASE("tokens that hold a line break, are empty, or cannot be read are refused") {
  ContainerFixture fixture;
  for (const char* token : {"a\r\nX-Other: b", "a\n", "\ra"}) {
    fixture.files.texts["/t"] = token;
    CHECK(fixture.ask({{kRelative, "/x"}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/t"}}).fault().message ==
          "the authorization token for the endpoint holds a line break");
    CHECK_FALSE(fixture.ask({{kRelative, "/x"}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN", token}}).ok());
  }
  fixture.files.texts["/t"] = "token";
  fixture.files.planted = {"/t"};
  CHECK(fixture.ask({{kRelative, "/x"}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/t"}}).fault().message ==
        "cannot read /t: planted");
  fixture.files.planted = {};
  fixture.files.texts["/t"] = "";
  CHECK(fixture.ask({{kRelative, "/x"}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/t"}}).fault().message ==
        "the token file /t is empty");
  CHECK_FALSE(fixture.ask({{kRelative, "/x"}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/nowhere"}}).ok());
  CHECK(fixture.http.requests.empty());
}

TEST_CASE("no container variable is nothing configured; a relative URI begins with a slash") {
  ContainerFixture fixture;
  CHECK(fixture.ask({{"AWS_CONTAINER_AUTHORIZATION_TOKEN", "t"}}).fault().is_absent());
  CHECK(fixture.ask({{kRelative, "@example.com/"}}).fault().is_internal());
}

TEST_CASE("throttling, server errors, lost connections and unreadable answers get three attempts") {
  using Answer = FakeTransport::Answer;
  const std::vector<Answer> passing{{.status = 429},
                                    {.status = 500},
                                    {.status = 503},
                                    {.body = "<html>"},
                                    {.body = "[]"},
                                    {.body = "{}"},
                                    {.body = R"({"AccessKeyId":"k","SecretAccessKey":"s","Token":"t"})"},
                                    {.body = R"({"AccessKeyId":"k","SecretAccessKey":"s","Expiration":"soon"})"},
                                    {.fault = Fault::connection("reset")},
                                    {.fault = Fault::timeout("slow")}};
  for (const Answer& answer : passing) {
    CAPTURE(answer.status);
    CAPTURE(answer.body);
    ContainerFixture fixture;
    fixture.http.answer = [&](const SeenRequest&) { return answer; };
    const auto found = fixture.ask({{kRelative, "/x"}});
    REQUIRE_FALSE(found.ok());
    CHECK(found.fault().is_transient());
    CHECK(fixture.http.requests.size() == 3);

    fixture.http.requests.clear();
    fixture.http.answer = [&](const SeenRequest&) {
      return fixture.http.requests.size() < 3 ? answer : Answer{.body = fixture.good()};
    };
    CHECK(fixture.ask({{kRelative, "/x"}}).ok());
  }
}

TEST_CASE("a refusal is final and says why, redirects are refusals") {
  ContainerFixture fixture;
  fixture.http.answer = [](const SeenRequest&) {
    return FakeTransport::Answer{.status = 403, .body = R"({"code":"AccessDenied","message":"not you"})"};
  };
  const auto refused = fixture.ask({{kRelative, "/x"}});
  CHECK(refused.fault().is_denied());
  CHECK(refused.fault().message == "the endpoint answered 403: AccessDenied: not you");
  fixture.http.answer = [](const SeenRequest&) { return FakeTransport::Answer{.status = 302}; };
  CHECK(fixture.ask({{kRelative, "/x"}}).fault().message == "the endpoint answered 302");
  CHECK(fixture.http.requests.size() == 2);
}

TEST_CASE("no attempt begins after the deadline") {
  ContainerFixture fixture;
  fixture.http.answer = [](const SeenRequest&) {
    return FakeTransport::Answer{.fault = Fault::timeout("slow"), .after = Seconds(5)};
  };
  fixture.environment = Environment(Variables{{kRelative, "/x"}});
  ContainerSource source({fixture.environment, fixture.files, fixture.http}, fixture.context);
  CHECK_FALSE(fixture.finish(source.load(fixture.scheduler.now() + Seconds(5))).ok());
  CHECK(fixture.http.requests.size() == 1);
}

TEST_CASE("keys of the answer are read in any case") {
  ContainerFixture fixture;
  fixture.http.answer = [&](const SeenRequest&) {
    return FakeTransport::Answer{.body = R"({"ACCESSKEYID":"k","secretaccesskey":"s","token":"t","expiration":")" +
                                         fixture.iso(Seconds(60)) + "\"}"};
  };
  const auto found = fixture.ask({{kRelative, "/x"}});
  REQUIRE(found.ok());
  CHECK(found->session_token.view() == "t");
}
