#include <doctest/doctest.h>

#include "tests/integration/support/agent_with_aws.h"

namespace sma::integration {

namespace {

struct Malformed {
  std::string what;
  std::string request;
  int status;
};

std::string head(const std::string& fields) { return "GET /ping HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n"; }

const std::vector<Malformed> kMalformed{
    {"no Host", "GET /ping HTTP/1.1\r\n\r\n", 400},
    {"two Hosts", head("Host: other\r\n"), 400},
    {"differing lengths", head("Content-Length: 0\r\nContent-Length: 1\r\n") + "x", 400},
    {"a list of differing lengths", head("Content-Length: 0, 1\r\n"), 400},
    {"length and coding", head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400},
    {"unknown coding", head("Transfer-Encoding: gzip\r\n"), 400},
    {"chunked not last", head("Transfer-Encoding: chunked, gzip\r\n"), 400},
    {"a signed length", head("Content-Length: +5\r\n") + "12345", 400},
    {"a negative length", head("Content-Length: -1\r\n"), 400},
    {"a length that is none", head("Content-Length: 0x5\r\n") + "12345", 400},
    {"bare LF", "GET /ping HTTP/1.1\nHost: localhost\n\n", 400},
    {"bare LF in the head", "GET /ping HTTP/1.1\r\nHost: localhost\r\nA: b\nC: d\r\n\r\n", 400},
    {"bare CR in a value", head("A: b\rC: d\r\n"), 400},
    {"folded line", head("A: b\r\n c\r\n"), 400},
    {"space before the colon", head("Content-Length : 0\r\n"), 400},
    {"space in a name", head("A B: c\r\n"), 400},
    {"no colon", head("nothing\r\n"), 400},
    {"empty name", head(": value\r\n"), 400},
    {"NUL in a value", head(std::string("A: b\0c\r\n", 8)), 400},
    {"control character in a value", head("A: b\x01\r\n"), 400},
    {"bad chunk size", head("Transfer-Encoding: chunked\r\n") + "zz\r\n", 400},
    {"chunk without its end", head("Transfer-Encoding: chunked\r\n") + "1\r\nab\r\n0\r\n\r\n", 400},
    {"no version", "GET /ping\r\nHost: localhost\r\n\r\n", 400},
    {"two spaces", "GET  /ping HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
    {"a later version", "GET /ping HTTP/2.0\r\nHost: localhost\r\n\r\n", 505},
    {"a long line", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 414},
    {"a large head", head("A: " + std::string(70'000, 'a') + "\r\n"), 431},
    {"a large body", head("Content-Length: 300000\r\n"), 413},
};

}  // namespace

TEST_CASE("what invites smuggling is refused and the connection closed") {
  AgentWithAws scene;
  for (const Malformed& one : kMalformed) {
    CAPTURE(one.what);
    HttpConnection connection = scene.agent().connect();
    connection.send(one.request + get_request("/ping"));
    const auto answer = connection.try_answer();
    REQUIRE(answer.has_value());
    CHECK(answer->status == one.status);
    CHECK(connection.is_closed());
  }
  CHECK(scene.agent().get("/ping").status == 200);
}

TEST_CASE("a head of more than a hundred headers is refused") {
  AgentWithAws scene;
  std::string fields;
  for (int i = 0; i < 101; ++i) fields += "A" + std::to_string(i) + ": b\r\n";
  HttpConnection connection = scene.agent().connect();
  connection.send(head(fields));
  CHECK(connection.read_answer().status == 431);
}

TEST_CASE("bodies are read and ignored, chunked or not") {
  AgentWithAws scene;
  HttpConnection connection = scene.agent().connect();
  connection.send(head("Content-Length: 5\r\n") + "12345" + head("Transfer-Encoding: chunked\r\n") +
                  "5;name=value\r\n12345\r\n0\r\nTrailer: x\r\n\r\n" + head(""));
  for (int i = 0; i < 3; ++i) CHECK(connection.read_answer().body == "healthy");
}

TEST_CASE("Expect is answered with 100 and then the answer") {
  AgentWithAws scene;
  HttpConnection connection = scene.agent().connect();
  connection.send(head("Content-Length: 5\r\nExpect: 100-continue\r\n"));
  CHECK(connection.read_answer().status == 100);
  connection.send("12345");
  CHECK(connection.read_answer().status == 200);
}

TEST_CASE("HTTP/1.0 is answered and closed, unless it asks to stay") {
  AgentWithAws scene;
  HttpConnection closing = scene.agent().connect();
  closing.send("GET /ping HTTP/1.0\r\n\r\n");
  CHECK(closing.read_answer().status == 200);
  CHECK(closing.is_closed());
  HttpConnection staying = scene.agent().connect();
  for (int i = 0; i < 2; ++i) {
    staying.send("GET /ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(staying.read_answer().status == 200);
  }
}

TEST_CASE("Connection: close is honoured") {
  AgentWithAws scene;
  HttpConnection connection = scene.agent().connect();
  connection.send(head("Connection: close\r\n"));
  CHECK(connection.read_answer().header("connection") == "close");
  CHECK(connection.is_closed());
}

TEST_CASE("a client that sends all and shuts its side down still gets its answer") {
  AgentWithAws scene;
  scene.aws.put("strict/half-closed", "strict-half-closed-value");
  HttpConnection connection = scene.agent().connect();
  connection.send(get_request("/v1/strict/half-closed"));
  connection.shut_down_writing();
  CHECK(connection.read_answer().status == 200);
}

}  // namespace sma::integration
