#include "http_server/request_reader.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "tests/unit/http_server/request_cases.h"

using namespace sma;

namespace {

constexpr std::size_t kBudget = std::size_t{2} << 20;

/// A reader, and what it made of the bytes so far, as text.
class Transcript {
 public:
  explicit Transcript(BufferPool& pool) : reader_(pool) {}

  void feed(std::string_view bytes) {
    while (!bytes.empty() && !over_) {
      const auto space = reader_.space();
      const std::size_t size = std::min(bytes.size(), space.size());
      std::copy_n(bytes.begin(), size, space.begin());
      reader_.add(size);
      bytes.remove_prefix(size);
      drain();
    }
  }

  [[nodiscard]] std::string text() const {
    return text_ + (over_ ? "" : reader_.empty() ? "idle" : reader_.in_body() ? "in a body" : "in a head");
  }
  [[nodiscard]] RequestReader& reader() { return reader_; }

 private:
  void drain() {
    for (;;) {
      const Progress progress = reader_.read(request_);
      switch (progress.state) {
        case Progress::State::incomplete:
          return;
        case Progress::State::refused:
          text_ += std::to_string(progress.refusal.status) + " " + std::string(progress.refusal.reason);
          over_ = true;
          return;
        case Progress::State::complete:
          add_request();
          reader_.finish();
      }
    }
  }

  void add_request() {
    const auto add = [this](std::string_view text) { text_.append(text).append("|"); };
    add(request_.method);
    add(request_.path);
    add(request_.query);
    add(std::to_string(request_.minor_version));
    for (const ServerField& field : request_.fields())
      text_.append(field.name).append("=").append(field.value).append(",");
    add(reader_.keep_alive() ? "stay" : "close");
  }

  RequestReader reader_;
  ServerRequest request_;
  std::string text_;
  bool over_ = false;
};

std::string transcript(std::string_view bytes) {
  BufferPool pool(kBudget);
  Transcript made(pool);
  made.feed(bytes);
  return made.text();
}

std::string transcript_in_pieces(std::string_view bytes, std::size_t piece) {
  BufferPool pool(kBudget);
  Transcript made(pool);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) made.feed(bytes.substr(0, piece));
  return made.text();
}

std::vector<RequestCase> all_cases() {
  std::vector<RequestCase> all = malformed_requests();
  all.insert(all.end(), well_formed_requests().begin(), well_formed_requests().end());
  return all;
}

}  // namespace

TEST_CASE("every malformed request is refused with its status") {
  REQUIRE(malformed_requests().size() >= 150);
  for (const RequestCase& refused : malformed_requests()) {
    CAPTURE(refused.name);
    CHECK(transcript(refused.bytes).substr(0, 4) == std::to_string(refused.status) + " ");
  }
}

TEST_CASE("every well-formed request is read to its end") {
  for (const RequestCase& read : well_formed_requests()) {
    CAPTURE(read.name);
    const std::string text = transcript(read.bytes);
    CHECK(text.ends_with("|idle"));
    CHECK(std::ranges::count(text, '|') >= 5);
  }
}

TEST_CASE("how a request is cut into pieces does not matter") {
  for (const RequestCase& any : all_cases()) {
    CAPTURE(any.name);
    const std::string whole = transcript(any.bytes);
    CHECK(transcript_in_pieces(any.bytes, 1) == whole);
    CHECK(transcript_in_pieces(any.bytes, 7) == whole);
    if (any.bytes.size() > 1000) continue;
    for (std::size_t cut = 1; cut < any.bytes.size(); ++cut) {
      BufferPool pool(kBudget);
      Transcript made(pool);
      made.feed(std::string_view(any.bytes).substr(0, cut));
      made.feed(std::string_view(any.bytes).substr(cut));
      CHECK(made.text() == whole);
    }
  }
}

TEST_CASE("bytes after a request belong to the next one, however they are cut into pieces") {
  std::string bytes;
  std::string expected;
  for (const RequestCase& read : well_formed_requests()) {
    if (read.bytes.size() > 20000) continue;
    bytes += read.bytes;
    const std::string text = transcript(read.bytes);
    expected += text.substr(0, text.size() - 4);
  }
  CHECK(transcript(bytes) == expected + "idle");
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    BufferPool pool(kBudget);
    Transcript made(pool);
    for (std::string_view left = bytes; !left.empty();) {
      const std::size_t piece = std::min<std::size_t>(1 + random() % (round % 2 == 0 ? 40 : 6000), left.size());
      made.feed(left.substr(0, piece));
      left.remove_prefix(piece);
    }
    CHECK(made.text() == expected + "idle");
  }
}

TEST_CASE("an invalid request line is refused as soon as it has arrived") {
  CHECK(transcript("GET /\r\n") == "400 bad request line");
  CHECK(transcript("GET / HTTP/1.1\r\nX y\r\n") == "400 bad header field name");
  CHECK(transcript("GET / HTTP/1.1\r\n") == "in a head");
}

TEST_CASE("the views of a request are valid even if its body arrived later") {
  BufferPool pool(kBudget);
  Transcript made(pool);
  made.feed("POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe");
  CHECK(made.text() == "in a body");
  made.feed("lloGET");
  CHECK(made.text() == "POST|/a|b|1|Host=x,Content-Length=5,stay|in a head");
}

TEST_CASE("the client decides whether the connection is kept open") {
  const auto keeps = [](const std::string& version, const std::string& fields) {
    return transcript("GET / HTTP/" + version + "\r\nHost: x\r\n" + fields + "\r\n").ends_with("stay|idle");
  };
  CHECK(keeps("1.1", ""));
  CHECK_FALSE(keeps("1.1", "Connection: close\r\n"));
  CHECK_FALSE(keeps("1.1", "connection: foo, CLOSE\r\n"));
  CHECK_FALSE(keeps("1.1", "Connection: foo\r\nConnection:close\r\n"));
  CHECK(keeps("1.1", "Connection: closed\r\n"));
  CHECK(keeps("1.1", "Connection: , ,\r\n"));
  CHECK_FALSE(keeps("1.0", ""));
  CHECK(keeps("1.0", "Connection: Keep-Alive\r\n"));
  CHECK_FALSE(keeps("1.0", "Connection: keep-alive, close\r\n"));
  CHECK_FALSE(transcript("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n").ends_with("stay|idle"));
}

TEST_CASE("a 100 is sent once, and only before the body begins to arrive") {
  BufferPool pool(kBudget);
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n";
  Transcript waiting(pool);
  waiting.feed(head);
  CHECK(waiting.reader().take_continue());
  CHECK_FALSE(waiting.reader().take_continue());
  Transcript impatient(pool);
  impatient.feed(head + "h");
  CHECK_FALSE(impatient.reader().take_continue());
  Transcript old(pool);
  old.feed("POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  CHECK_FALSE(old.reader().take_continue());
}

TEST_CASE("large heads use the shared pool, return what they used, and are refused if it is exhausted") {
  const std::string head = "GET / HTTP/1.1\r\nHost: x\r\nX-A: " + std::string(20000, 'a');
  BufferPool pool(100000);
  Transcript first(pool);
  Transcript second(pool);
  Transcript third(pool);
  first.feed(head);
  second.feed(head);
  CHECK(second.text() == "in a head");
  third.feed(head);
  CHECK(third.text() == "431 too many large request heads at once");
  first.feed("\r\n\r\n");
  CHECK(first.text().ends_with("stay|idle"));
  Transcript fourth(pool);
  fourth.feed(head);
  CHECK(fourth.text() == "in a head");
}

TEST_CASE("a body after a small head is read although the pool is exhausted") {
  BufferPool pool(0);
  const std::string line = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nX-A: ";
  Transcript made(pool);
  made.feed(line + std::string(4000 - line.size(), 'a') + "\r\n\r\n" + std::string(1000, 'b'));
  CHECK(made.text().ends_with("stay|idle"));
}

TEST_CASE("the part of the buffer that a request used is wiped") {
  BufferPool pool(kBudget);
  const std::string token(64, 'T');
  const std::string request =
      "POST / HTTP/1.1\r\nHost: x\r\nX-Token: " + token + "\r\nContent-Length: 64\r\n\r\n" + token;
  RequestReader reader(pool);
  ServerRequest read;
  auto space = reader.space();
  const std::string_view memory(space.data(), BufferPool::kSmall);
  const std::string both = request + request.substr(0, 90);
  std::ranges::copy(both, space.data());
  reader.add(both.size());
  REQUIRE(reader.read(read).state == Progress::State::complete);
  reader.finish();
  CHECK(memory.substr(0, request.size()).find(token.substr(0, 20)) == memory.npos);
  CHECK_FALSE(reader.empty());

  SUBCASE("when the connection goes away") { reader.drop(); }
  SUBCASE("when the next request is done") {
    space = reader.space();
    std::ranges::copy(request.substr(90), space.data());
    reader.add(request.size() - 90);
    REQUIRE(reader.read(read).state == Progress::State::complete);
    reader.finish();
  }
  CHECK(memory.find("TTTT") == memory.npos);
  CHECK(memory.find("Host") == memory.npos);
}
