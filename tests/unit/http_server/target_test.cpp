#include "http_server/target.h"

#include <doctest/doctest.h>

#include <string>

using namespace sma;

namespace {

std::string read(std::string_view method, std::string_view target) {
  ServerRequest request;
  request.method = method;
  if (const auto refusal = read_target(target, request)) return std::to_string(refusal->status);
  return std::string(request.path) + " " + std::string(request.query);
}

}  // namespace

TEST_CASE("path and query are split at the first question mark and left encoded") {
  CHECK(read("GET", "/v1/a%2Fb?x=1?&y=+") == "/v1/a%2Fb x=1?&y=+");
  CHECK(read("GET", "/") == "/ ");
  CHECK(read("GET", "//a//b/../c") == "//a//b/../c ");
  CHECK(read("GET", "/?") == "/ ");
}

TEST_CASE("of an absolute target, path and query are taken") {
  CHECK(read("GET", "http://localhost:2773/ping?a") == "/ping a");
  CHECK(read("GET", "HTTP://localhost") == "/ ");
  CHECK(read("GET", "http://localhost?a/b") == "/ a/b");
  CHECK(read("GET", "http://[::1]:80/x") == "/x ");
  CHECK(read("GET", "http://a@b/") == "400");
}

TEST_CASE("the asterisk form is for OPTIONS only, the authority form for CONNECT only") {
  CHECK(read("OPTIONS", "*") == "* ");
  CHECK(read("OPTIONS", "/x") == "/x ");
  CHECK(read("GET", "*") == "400");
  CHECK(read("CONNECT", "a:443") == "a:443 ");
  CHECK(read("CONNECT", "[::1]:443") == "[::1]:443 ");
  CHECK(read("CONNECT", "http://a:443/") == "400");
  CHECK(read("connect", "a:443") == "400");
}
