#include "aws/endpoint.h"

#include <doctest/doctest.h>

#include "http_client/url.h"

namespace sma {
namespace {

std::string url(AwsService service, std::string region, bool fips = false, bool dualstack = false) {
  const auto endpoint = resolve_endpoint(
      service, {.region = std::move(region), .use_fips = fips, .use_dualstack = dualstack, .override_url = {}});
  return endpoint.ok() ? endpoint->url : endpoint.fault().message;
}

constexpr auto kSecrets = AwsService::secrets_manager;
constexpr auto kSts = AwsService::sts;

}  // namespace

// The whole of botocore's rule sets is compared in tests/conformance; these are the exceptions one by one.
TEST_CASE("endpoints are service, region and the partition's suffix") {
  CHECK(url(kSecrets, "eu-west-1") == "https://secretsmanager.eu-west-1.amazonaws.com");
  CHECK(url(kSecrets, "cn-north-1") == "https://secretsmanager.cn-north-1.amazonaws.com.cn");
  CHECK(url(kSts, "us-isob-east-1") == "https://sts.us-isob-east-1.sc2s.sgov.gov");
  CHECK(url(kSts, "eu-west-1", true) == "https://sts-fips.eu-west-1.amazonaws.com");
  CHECK(url(kSts, "eu-west-1", true, true) == "https://sts-fips.eu-west-1.api.aws");
}

TEST_CASE("Secrets Manager's dual-stack names keep the plain suffix in aws, aws-us-gov and, but for FIPS, aws-cn") {
  CHECK(url(kSecrets, "eu-west-1", false, true) == "https://secretsmanager.eu-west-1.amazonaws.com");
  CHECK(url(kSecrets, "us-gov-west-1", true, true) == "https://secretsmanager-fips.us-gov-west-1.amazonaws.com");
  CHECK(url(kSecrets, "cn-north-1", false, true) == "https://secretsmanager.cn-north-1.amazonaws.com.cn");
  CHECK(url(kSecrets, "cn-north-1", true, true) ==
        "https://secretsmanager-fips.cn-north-1.api.amazonwebservices.com.cn");
  CHECK(url(kSecrets, "eusc-de-east-1", false, true) ==
        "https://secretsmanager.eusc-de-east-1.api.amazonwebservices.eu");
}

TEST_CASE("STS with FIPS in aws-us-gov has the plain name, but not with dual stack") {
  CHECK(url(kSts, "us-gov-west-1", true) == "https://sts.us-gov-west-1.amazonaws.com");
  CHECK(url(kSts, "us-gov-west-1", true, true) == "https://sts-fips.us-gov-west-1.api.aws");
}

TEST_CASE("STS for aws-global is the one global endpoint, signed for us-east-1") {
  const auto endpoint =
      resolve_endpoint(kSts, {.region = "aws-global", .use_fips = false, .use_dualstack = false, .override_url = {}});
  REQUIRE(endpoint.ok());
  CHECK(endpoint->url == "https://sts.amazonaws.com");
  CHECK(endpoint->signing_region == "us-east-1");
  CHECK(url(kSts, "aws-global", true) == "https://sts-fips.aws-global.amazonaws.com");
}

TEST_CASE("without a region there is no endpoint") {
  CHECK(url(kSecrets, "") == "Invalid Configuration: Missing Region");
}

TEST_CASE("an override wins over FIPS and dual stack, and the region is still the one signed for") {
  const auto endpoint = resolve_endpoint(
      kSecrets,
      {.region = "eu-west-1", .use_fips = true, .use_dualstack = true, .override_url = "HTTP://LocalHost:4566/aws//"});
  REQUIRE(endpoint.ok());
  CHECK(endpoint->url == "http://localhost:4566/aws//");
  CHECK(endpoint->scheme == "http");
  CHECK(endpoint->host == "localhost");
  CHECK(endpoint->host_field == "localhost:4566");
  CHECK(endpoint->port == 4566);
  CHECK(endpoint->path == "/aws//");
  CHECK(endpoint->signing_region == "eu-west-1");
}

TEST_CASE("endpoint URLs may name addresses of both kinds, with or without a port") {
  struct Expected {
    const char* url;
    const char* host;
    int port;
    const char* host_field;
  };
  for (const Expected& expected : {Expected{"https://[::1]", "::1", 443, "[::1]"},
                                   Expected{"http://[fd00:ec2::23]:81/x", "fd00:ec2::23", 81, "[fd00:ec2::23]:81"},
                                   Expected{"http://169.254.170.2", "169.254.170.2", 80, "169.254.170.2"},
                                   Expected{"https://a_b.example.:443/", "a_b.example.", 443, "a_b.example."},
                                   Expected{"http://h:", "h", 80, "h"}}) {
    const auto endpoint = parse_endpoint_url(expected.url);
    REQUIRE(endpoint.ok());
    CHECK(endpoint->host == expected.host);
    CHECK(endpoint->port == expected.port);
    CHECK(endpoint->host_field == expected.host_field);
  }
}

TEST_CASE("an endpoint is signed for the host that it is sent to, however its URL writes it") {
  struct Expected {
    const char* url;
    const char* sent;  // scheme and authority
    const char* host_field;
  };
  for (const Expected& expected :
       {Expected{"http://127.1/", "http://127.0.0.1", "127.0.0.1"},
        Expected{"http://0x7f.1:80/", "http://127.0.0.1", "127.0.0.1"},
        Expected{"http://2130706433:4566", "http://127.0.0.1:4566", "127.0.0.1:4566"},
        Expected{"http://0177.0.0.01:0080", "http://127.0.0.1", "127.0.0.1"},
        Expected{"HTTPS://LocalHost:0443/a", "https://localhost", "localhost"},
        Expected{"https://%6cocal%68ost", "https://localhost", "localhost"},
        Expected{"http://[0:0:0:0:0:0:0:1]:80", "http://[::1]", "[::1]"},
        Expected{"http://[FD00:EC2::0.0.0.23]:81", "http://[fd00:ec2::17]:81", "[fd00:ec2::17]:81"},
        Expected{"http://example.com.:80/x", "http://example.com.", "example.com."}}) {
    CAPTURE(expected.url);
    const auto endpoint = parse_endpoint_url(expected.url);
    REQUIRE(endpoint.ok());
    CHECK(endpoint->host_field == expected.host_field);
    CHECK(endpoint->url == expected.sent + endpoint->path);
    const auto again = parse_endpoint_url(endpoint->url);
    REQUIRE(again.ok());
    CHECK(again->url == endpoint->url);
    const auto read_by_curl = parse_url(endpoint->url);
    REQUIRE(read_by_curl);
    CHECK(read_by_curl->host == endpoint->host);
    CHECK(read_by_curl->port == endpoint->port);
  }
}

TEST_CASE("what is no http or https URL with a host is refused and not quoted") {
  for (const char* wrong : {"",
                            "localhost:4566",
                            "ftp://h",
                            "https://",
                            "https:///path",
                            "https://u:hunter2@h",
                            "https://h:0",
                            "https://h:65536",
                            "https://h:1x",
                            "https://[::1",
                            "https://[]",
                            "https://[::1]x",
                            "https://[h]",
                            "https://h/a?b",
                            "https://h/#b",
                            "https://h/a b",
                            "https://h\\x",
                            "https://h\r\nX: y",
                            "https://a b",
                            "http s://h",
                            "https:/h",
                            "https:h",
                            "http://h?",
                            "http://h#",
                            "http://@h",
                            "http://user@h",
                            "http://:@h",
                            "http://h:+80",
                            "http://h: 80",
                            "http://[fe80::1%25eth0]",
                            "http://\xC3\xA9.example",
                            "http://%C3%A9.example",
                            "http://a%2Fb",
                            "http://a%00b",
                            "http://h/\xC3\xA9",
                            " http://h",
                            "http://h ",
                            "http://h\t"}) {
    CAPTURE(wrong);
    const auto endpoint = parse_endpoint_url(wrong);
    REQUIRE_FALSE(endpoint.ok());
    CHECK(endpoint.fault().message.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("a region is one host label") {
  CHECK(is_valid_region("eu-west-1"));
  CHECK(is_valid_region("X"));
  CHECK(is_valid_region(std::string(63, 'a')));
  for (const std::string wrong : {"", "-a", "a-", "a.b", "a b", "a_b", "a/b", "\xC3\xA9"})
    CHECK_FALSE(is_valid_region(wrong));
  CHECK_FALSE(is_valid_region(std::string(64, 'a')));
}

}  // namespace sma
