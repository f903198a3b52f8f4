#include "http_server/response_head.h"

#include <doctest/doctest.h>

#include <string>

using namespace sma;

namespace {

constexpr std::string_view kDate = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

std::string head(const ServerResponse& response, Persistence persistence = Persistence::unsaid) {
  return std::string(ResponseHead(response, kDate, persistence).view());
}

}  // namespace

TEST_CASE("an answer's head has type, length, date and no-store") {
  CHECK(head({.content_type = "application/json", .body = SharedBytes("{}")}) ==
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nCache-Control: no-store\r\n\r\n");
}

TEST_CASE("an answer says which methods are allowed and whether the connection is kept open") {
  CHECK(head({.status = 405, .field_line = "Allow: GET\r\n"}).find("\r\nAllow: GET\r\n") != std::string::npos);
  CHECK(head({}, Persistence::close).ends_with("\r\nConnection: close\r\n\r\n"));
  CHECK(head({}, Persistence::keep_alive).ends_with("\r\nConnection: keep-alive\r\n\r\n"));
  CHECK(head({}).find("Connection") == std::string::npos);
}

TEST_CASE("an answer that another try may change says when to try again") {
  for (const int status : {429, 503})
    CHECK(head({.status = status}).find("\r\nRetry-After: 1\r\n") != std::string::npos);
  for (const int status : {200, 400, 403, 500, 502, 504})
    CHECK(head({.status = status}).find("Retry") == std::string::npos);
}

TEST_CASE("an unknown status has no reason phrase, and one that forbids a body becomes a 502") {
  CHECK(head({.status = 418}).starts_with("HTTP/1.1 418 \r\n"));
  for (const int status : {0, -1, 101, 204, 205, 304, 600, 1000}) {
    CHECK(head({.status = status}).starts_with("HTTP/1.1 502 Bad Gateway\r\n"));
  }
}
