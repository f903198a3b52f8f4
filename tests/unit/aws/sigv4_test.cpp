#include "aws/sigv4.h"

#include <doctest/doctest.h>

namespace sma {
namespace {

using namespace std::chrono;

constexpr WallTime kWhen = sys_days(year{2015} / 8 / 30) + hours{12} + minutes{36};

Credentials example_keys(std::string_view token = {}) {
  Credentials keys;
  keys.access_key_id = "AKIDEXAMPLE";
  keys.secret_access_key = SharedBytes("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
  keys.session_token = SharedBytes(token);
  return keys;
}

sigv4::SignableRequest example_request(std::string method = "GET", std::string path = "/", std::string query = "") {
  sigv4::SignableRequest request;
  request.method = std::move(method);
  request.host = "example.amazonaws.com";
  request.path = std::move(path);
  request.query = std::move(query);
  return request;
}

std::string signature(const sigv4::SignableRequest& request) {
  const auto made = sigv4::sign(request, {.region = "us-east-1", .service = "service"}, example_keys(), kWhen);
  const std::string_view text = made.authorization.view();
  return std::string(text.substr(text.find("Signature=") + 10));
}

}  // namespace

// AWS's published test suite for Signature Version 4: the names are its folders'.
TEST_CASE("signatures are those of AWS's test suite") {
  SUBCASE("get-vanilla") {
    CHECK(signature(example_request()) == "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  }
  SUBCASE("get-vanilla-empty-query-key") {
    CHECK(signature(example_request("GET", "/", "Param1=value1")) ==
          "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb");
  }
  SUBCASE("get-vanilla-query-order-key-case") {
    CHECK(signature(example_request("GET", "/", "Param2=value2&Param1=value1")) ==
          "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  }
  SUBCASE("get-vanilla-utf8-query") {
    CHECK(signature(example_request("GET", "/", "\xE1\x88\xB4=bar")) ==
          "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04");
  }
  SUBCASE("get-utf8") {
    CHECK(signature(example_request("GET", "/\xE1\x88\xB4")) ==
          "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
  }
  SUBCASE("get-header-key-duplicate") {
    auto request = example_request();
    request.fields = {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}};
    CHECK(signature(request) == "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea");
  }
  SUBCASE("get-header-value-trim") {
    auto request = example_request();
    request.fields = {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}};
    CHECK(signature(request) == "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
  }
  SUBCASE("post-vanilla") {
    CHECK(signature(example_request("POST")) == "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
  }
  SUBCASE("post-x-www-form-urlencoded") {
    auto request = example_request("POST");
    request.fields = {{"Content-Type", "application/x-www-form-urlencoded"}};
    request.payload = "Param1=value1";
    CHECK(signature(request) == "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
  }
}

TEST_CASE("the canonical request lists method, path, query, fields, signed names and the payload's hash") {
  auto request = example_request("POST", "/a%20b/c d", "b=2&a=%7e&a=1&&flag");
  request.fields = {{"X-Amz-Target", "secretsmanager.GetSecretValue"}, {"Content-Type", " application/json  ;\t x "}};
  CHECK(sigv4::canonical_request(request, "20150830T123600Z", "token").view() ==
        "POST\n"
        "/a%2520b/c%20d\n"
        "a=1&a=~&b=2&flag=\n"
        "content-type:application/json ; x\n"
        "host:example.amazonaws.com\n"
        "x-amz-date:20150830T123600Z\n"
        "x-amz-security-token:token\n"
        "x-amz-target:secretsmanager.GetSecretValue\n"
        "\n"
        "content-type;host;x-amz-date;x-amz-security-token;x-amz-target\n"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("an unescaped space, a plus and %20 in a query are signed alike") {
  const auto canonical = [](std::string query) {
    return std::string(sigv4::canonical_request(example_request("GET", "/", std::move(query)), "", "").view());
  };
  CHECK(canonical("a=x%20y") == canonical("a=x+y"));
  CHECK(canonical("a=x%20y") == canonical("a=x y"));
  CHECK(canonical("a=%zz").find("a=%25zz\n") != std::string::npos);
}

TEST_CASE("an empty path is signed as a slash") {
  CHECK(sigv4::canonical_request(example_request("GET", ""), "", "").view().starts_with("GET\n/\n\n"));
}

TEST_CASE("the authorization names algorithm, scope and signed fields, and the session token is signed and sent") {
  const auto made =
      sigv4::sign(example_request(), {.region = "us-east-1", .service = "service"}, example_keys("the+token=="), kWhen);
  CHECK(made.amz_date == "20150830T123600Z");
  CHECK(made.security_token.view() == "the+token==");
  CHECK(made.authorization.view().starts_with(
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
      "SignedHeaders=host;x-amz-date;x-amz-security-token, Signature="));
}

TEST_CASE("without a session token there is no such field") {
  const auto made =
      sigv4::sign(example_request(), {.region = "us-east-1", .service = "service"}, example_keys(), kWhen);
  CHECK(made.security_token.empty());
  CHECK(made.authorization.view().find("x-amz-security-token") == std::string_view::npos);
}

TEST_CASE("paths lose dot segments and double slashes") {
  CHECK(sigv4::normalised_path("") == "/");
  CHECK(sigv4::normalised_path("/") == "/");
  CHECK(sigv4::normalised_path("//") == "/");
  CHECK(sigv4::normalised_path("/a/./b/../c") == "/a/c");
  CHECK(sigv4::normalised_path("/../../a//b/") == "/a/b/");
  CHECK(sigv4::normalised_path("/a/..") == "/");
  CHECK(sigv4::normalised_path("/a/%2E%2E/b") == "/a/%2E%2E/b");
}

TEST_CASE("dates are UTC without fractions, before 1970 too") {
  CHECK(sigv4::amz_date(kWhen + nanoseconds{999'999'999}) == "20150830T123600Z");
  CHECK(sigv4::amz_date(WallTime{} - nanoseconds{1}) == "19691231T235959Z");
}

}  // namespace sma
