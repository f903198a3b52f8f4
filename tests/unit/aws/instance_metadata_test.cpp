#include "aws/instance_metadata.h"

#include <doctest/doctest.h>

#include "tests/unit/aws/credentials/fixture.h"

using namespace sma;

namespace {

using Answer = FakeTransport::Answer;

struct MetadataFixture : CredentialsFixture {
  explicit MetadataFixture(Variables variables = {}) : environment(std::move(variables)) {
    http.answer = [this](const SeenRequest& request) {
      return request.method == "PUT" ? Answer{.body = "token" + std::to_string(++tokens)} : Answer{.body = "eu-west-1"};
    };
  }
  Result<std::optional<ClientResponse>> get(const std::string& path = "x") {
    return finish(metadata.get(path, scheduler.now() + Seconds(60)));
  }
  [[nodiscard]] std::string host_asked() const { return http.requests.at(0).url; }

  Environment environment;
  InstanceMetadata metadata{{environment, files, http}, context};
  int tokens = 0;
};

}  // namespace

TEST_CASE("a token is asked for, kept, and sent with each question") {
  MetadataFixture fixture;
  REQUIRE(fixture.get("a").ok());
  REQUIRE(fixture.get("b/").ok());
  REQUIRE(fixture.http.requests.size() == 3);
  const SeenRequest& put = fixture.http.requests[0];
  CHECK(put.method == "PUT");
  CHECK(put.url == "http://169.254.169.254/latest/api/token");
  CHECK(put.fields.at("X-aws-ec2-metadata-token-ttl-seconds") == "21600");
  for (const SeenRequest& request : fixture.http.requests) {
    CHECK_FALSE(request.queued);
    CHECK(request.limits.connecting == Seconds(1));
    CHECK(request.attempt_time == Seconds(1));
    CHECK(request.max_answer_bytes == 256 * 1024);
  }
  CHECK(fixture.http.requests[1].url == "http://169.254.169.254/latest/meta-data/a");
  CHECK(fixture.http.requests[2].url == "http://169.254.169.254/latest/meta-data/b/");
  CHECK(fixture.http.requests[2].fields.at("X-aws-ec2-metadata-token") == "token1");
}

TEST_CASE("a token is replaced before its six hours are over") {
  MetadataFixture fixture;
  REQUIRE(fixture.get().ok());
  fixture.scheduler.advance(Seconds(21600 - 121));
  REQUIRE(fixture.get().ok());
  CHECK(fixture.tokens == 1);
  fixture.scheduler.advance(Seconds(2));
  REQUIRE(fixture.get().ok());
  CHECK(fixture.tokens == 2);
}

TEST_CASE("the region is read from metadata") {
  MetadataFixture fixture;
  const auto region = fixture.finish(fixture.metadata.region(fixture.scheduler.now() + Seconds(5)));
  REQUIRE(region.ok());
  CHECK(*region == "eu-west-1");
  CHECK(fixture.http.requests[1].url == "http://169.254.169.254/latest/meta-data/placement/region");
}

TEST_CASE("a region of metadata is one, without the white space after it") {
  const auto region = [](const std::string& said) {
    MetadataFixture fixture;
    fixture.http.answer = [&](const SeenRequest&) { return Answer{.body = said}; };
    return fixture.finish(fixture.metadata.region(fixture.scheduler.now() + Seconds(5)));
  };
  CHECK(*region("eu-west-1\n") == "eu-west-1");
  for (const char* said : {"", "<html>", "eu-west-1/evil.example", "a b"}) CHECK_FALSE(region(said).ok());
}

TEST_CASE("the endpoint comes from the environment, the profile, the mode") {
  const std::string variable = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
  const auto asked = [](Variables variables, const std::string& config = {}) {
    variables["AWS_CONFIG_FILE"] = "/c";
    MetadataFixture fixture(std::move(variables));
    fixture.files.texts["/c"] = "[default]\n" + config;
    CHECK(fixture.get().ok());
    return fixture.host_asked();
  };
  const std::string profile = "ec2_metadata_service_endpoint = http://p:2\nec2_metadata_service_endpoint_mode = IPv6\n";
  CHECK(asked({{variable, "http://e:1/"}}, profile) == "http://e:1/latest/api/token");
  CHECK(asked({{variable + "_MODE", "IPv6"}}, profile) == "http://p:2/latest/api/token");
  CHECK(asked({{variable + "_MODE", "ipv4"}}, "ec2_metadata_service_endpoint_mode = IPv6\n") ==
        "http://169.254.169.254/latest/api/token");
  CHECK(asked({}, "ec2_metadata_service_endpoint_mode = IPv6\n") == "http://[fd00:ec2::254]/latest/api/token");
}

TEST_CASE("disabled metadata is nothing configured, and is not asked") {
  MetadataFixture fixture(Variables{{"AWS_EC2_METADATA_DISABLED", "TRUE"}});
  CHECK(fixture.get().fault().is_absent());
  CHECK(fixture.http.requests.empty());
}

TEST_CASE("an endpoint or mode that makes no sense is a fault") {
  CHECK(MetadataFixture(Variables{{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "nonsense"}}).get().fault().is_internal());
  CHECK(MetadataFixture(Variables{{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "ftp://h/"}}).get().fault().is_internal());
  CHECK(MetadataFixture(Variables{{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv5"}}).get().fault().is_internal());
}

TEST_CASE("server errors get four attempts, of the token as of the question") {
  for (const std::string failing : {"PUT", "GET"}) {
    MetadataFixture fixture;
    fixture.http.answer = [&](const SeenRequest& request) {
      return Answer{.status = request.method == failing ? 503 : 200, .body = "t"};
    };
    const auto found = fixture.get();
    CHECK(found.fault().is_transient());
    CHECK(std::ranges::count(fixture.http.requests, failing, &SeenRequest::method) == 4);
  }
}

TEST_CASE("401 asks for a new token and again, four times in all") {
  MetadataFixture fixture;
  int refused = 0;
  fixture.http.answer = [&](const SeenRequest& request) {
    if (request.method == "PUT") return Answer{.body = "token" + std::to_string(++fixture.tokens)};
    return ++refused < 3 ? Answer{.status = 401} : Answer{.body = "fine"};
  };
  REQUIRE(fixture.get().ok());
  CHECK(fixture.tokens == 3);
  refused = -100;
  CHECK(fixture.get().fault().is_denied());
  CHECK(refused == -96);
}

TEST_CASE("an entry that is not there is none, not a fault") {
  MetadataFixture fixture;
  fixture.http.answer = [](const SeenRequest& request) {
    return Answer{.status = request.method == "PUT" ? 200 : 404, .body = "t"};
  };
  const auto found = fixture.get();
  REQUIRE(found.ok());
  CHECK_FALSE(found->has_value());
}

TEST_CASE("other answers are final: no token is no reason for version 1") {
  for (const int status : {400, 403, 404, 302}) {
    MetadataFixture fixture;
    fixture.http.answer = [&](const SeenRequest&) { return Answer{.status = status}; };
    CHECK_FALSE(fixture.get().ok());
    CHECK(fixture.http.requests.size() == 1);
  }
}

TEST_CASE("if nothing answers at the usual address there is no metadata, at once") {
  MetadataFixture fixture;
  fixture.http.answer = [](const SeenRequest&) {
    return Answer{.fault = Fault::timeout("no connection in time"), .after = Seconds(1), .connected = false};
  };
  const auto found = fixture.get();
  CHECK(found.fault().is_absent());
  CHECK(found.fault().message == "no instance metadata: no connection in time");
  CHECK(fixture.http.requests.size() == 1);
}

TEST_CASE("if nothing answers at an address that was named, that is a transient fault") {
  MetadataFixture fixture(Variables{{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1"}});
  fixture.http.answer = [](const SeenRequest&) {
    return Answer{.fault = Fault::connection("refused"), .connected = false};
  };
  CHECK(fixture.get().fault().is_transient());
  CHECK(fixture.http.requests.size() == 1);
}

TEST_CASE("a token call that is connected but not answered names the hop limit") {
  MetadataFixture fixture;
  fixture.http.answer = [](const SeenRequest&) {
    return Answer{.fault = Fault::timeout("no answer in time"), .after = Seconds(1)};
  };
  const auto found = fixture.get();
  CHECK(found.fault().is_transient());
  CHECK(found.fault().message.find("hop limit must be 2") != std::string::npos);
  CHECK(fixture.http.requests.size() == 1);
}
