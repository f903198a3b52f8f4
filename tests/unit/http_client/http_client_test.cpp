#include "http_client/http_client.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "tests/standin/standin.h"
#include "tests/unit/base/counted_calls.h"
#include "tests/unit/os/manual_clocks.h"

namespace sma {
namespace {

using standin::FaultPlan;

/// A client on a loop of its own, whose time stands still, and the stand-in to ask.
class ClientFixture {
 public:
  standin::Standin aws;
  ManualClocks clocks;

  Task<Result<ClientResponse>> begin(ClientRequest request) {
    auto sending = client_.send(std::move(request));
    sending.start(loop_);
    return sending;
  }
  void wait_for(const Task<Result<ClientResponse>>& sending) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!sending.done()) {
      REQUIRE(std::chrono::steady_clock::now() < end);
      loop_.turn(Milliseconds(1));
    }
  }
  Result<ClientResponse> send(ClientRequest request) {
    auto sending = begin(std::move(request));
    wait_for(sending);
    return sending.take();
  }
  /// A request that the stand-in answers with its instance metadata's token.
  [[nodiscard]] ClientRequest token_request() const {
    ClientRequest request;
    request.method = "PUT";
    request.url = aws.url() + "/latest/api/token";
    request.fields.push_back({"X-aws-ec2-metadata-token-ttl-seconds", WipedBytes("60")});
    return request;
  }
  void turn(int turns) {
    for (int i = 0; i < turns; ++i) loop_.turn(Milliseconds(1));
  }

 private:
  EventLoop loop_{clocks};
  BlockingCalls calls_{loop_};
  NameLookup names_{loop_, calls_};
  SystemFiles files_;
  Log log_{nullptr, LogLevel::none};
  HttpClient client_{loop_, names_, files_, log_, HttpClientSettings{.user_agent = "test"}};
};

TEST_CASE("an answer has its status, body and fields, by name in any case") {
  ClientFixture fixture;
  const auto answer = fixture.send(fixture.token_request());
  REQUIRE(answer.ok());
  CHECK(answer->status == 200);
  CHECK_FALSE(answer->body.empty());
  CHECK(answer->field("content-LENGTH") == std::to_string(answer->body.size()));
  CHECK(answer->field("X-None").empty());
  CHECK(fixture.aws.records().back().request.header("user-agent") == "test");
}

TEST_CASE("a URL that curl does not take is not sent, and not quoted") {
  ClientFixture fixture;
  ClientRequest request;
  request.url = "http://user:hunter2@a b/";
  const auto answer = fixture.send(std::move(request));
  REQUIRE_FALSE(answer.ok());
  CHECK(answer.fault().message == "a request cannot be sent: its URL is not valid");
}

TEST_CASE("a header field with a line break is not sent") {
  ClientFixture fixture;
  for (const std::string_view value : {"a\r\nX-Other: b", "a\n", "a\rb"}) {
    auto request = fixture.token_request();
    request.fields.push_back({"X-Test", WipedBytes(value)});
    const auto answer = fixture.send(std::move(request));
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.fault().message.find("a header field of the request to 127.0.0.1:") == 0);
  }
  CHECK(fixture.aws.records().empty());
}

TEST_CASE("a fault says whether there was a connection") {
  ClientFixture fixture;
  SUBCASE("none: nobody listens") {
    fixture.aws.close_listeners();
    const auto answer = fixture.send(fixture.token_request());
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.fault().http_status == 502);
    CHECK_FALSE(answer.fault().connected);
  }
  SUBCASE("one: the answer is too long") {
    auto request = fixture.token_request();
    request.max_answer_bytes = 1;
    const auto answer = fixture.send(std::move(request));
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.fault().message.ends_with("sent an answer that is too long"));
    CHECK(answer.fault().connected);
  }
}

TEST_CASE("a call whose socket cannot be watched fails at once, and no other call with it") {
  ClientFixture fixture;
  const auto gate = fixture.aws.hold("metadata:token");
  auto waiting = fixture.begin(fixture.token_request());
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (fixture.aws.count("metadata:token") == 0) {
    REQUIRE(std::chrono::steady_clock::now() < end);
    fixture.turn(1);
  }
  {
    const FullEpoll full;
    const auto answer = fixture.send(fixture.token_request());
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.fault().http_status == 502);
    CHECK(answer.fault().message.ends_with(": cannot watch a descriptor: No space left on device"));
  }
  gate->open();
  fixture.wait_for(waiting);
  CHECK(waiting.take().ok());
  CHECK(fixture.send(fixture.token_request()).ok());
}

}  // namespace
}  // namespace sma
