#include "http_server/server.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "os/unix_listener.h"
#include "tests/unit/base/temp_folder.h"
#include "tests/unit/http_server/request_cases.h"
#include "tests/unit/http_server/server_fixture.h"

using namespace sma;

namespace {

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

int option(int socket, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  return getsockopt(socket, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

/// SO_SNDBUF of the connection in this process that was accepted on a socket made in `folder`; 0 if there is none. (Its
/// name is the temporary one.)
int accepted_send_buffer(const std::string& folder) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int socket = std::atoi(entry.path().filename().c_str());
    sockaddr_un own{};
    socklen_t size = sizeof own;
    const bool is_named = getsockname(socket, reinterpret_cast<sockaddr*>(&own), &size) == 0 &&
                          own.sun_family == AF_UNIX && std::string_view(own.sun_path).starts_with(folder);
    if (is_named && option(socket, SO_ACCEPTCONN) == 0) return option(socket, SO_SNDBUF);
  }
  return 0;
}

}  // namespace

TEST_CASE("a request is answered and the connection stays open") {
  ServerFixture fixture;
  TestClient client(fixture);
  const std::string answer = client.ask(get("/ping"));
  CHECK(answer ==
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n"
        "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\nCache-Control: no-store\r\n\r\nhealthy");
  CHECK(client.ask(get("/ping")) == answer);
  CHECK_FALSE(client.closed());
  CHECK(fixture.server.connection_count() == 1);
}

TEST_CASE("a request goes to the handler of the socket that its connection came to") {
  ServerFixture fixture;
  TestClient client(fixture);
  RecordingHandler other_handler(fixture.loop);
  auto other_socket = listen_on_loopback(0);
  REQUIRE(other_socket.ok());
  fixture.server.listen(std::move(other_socket->ipv4), other_handler);
  fixture.port = other_socket->port;
  TestClient other_client(fixture);
  client.send(get("/one"));
  other_client.send(get("/two"));
  CHECK(fixture.handler.seen == std::vector<std::string>{"GET /one"});
  CHECK(other_handler.seen == std::vector<std::string>{"GET /two"});
  fixture.server.drain();
  CHECK(other_client.closed());
}

TEST_CASE("a connection of a Unix socket is served, and the kernel holds as little for it as for one of TCP") {
  ServerFixture fixture;
  const TempFolder folder;
  const std::string path = folder / "agent.sock";
  auto listener = listen_on_unix(path, std::nullopt);
  REQUIRE(listener.ok());
  fixture.server.listen(std::move(listener->socket), fixture.handler);
  const FileDescriptor client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = address_of(path);
  REQUIRE(connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const std::string request = get("/ping");
  REQUIRE(send(client.get(), request.data(), request.size(), MSG_NOSIGNAL) > 0);
  fixture.settle();
  std::array<char, 1000> answer;
  const ssize_t size = recv(client.get(), answer.data(), answer.size(), MSG_DONTWAIT);
  REQUIRE(size > 0);
  CHECK(std::string(answer.data(), static_cast<std::size_t>(size)).ends_with("healthy"));
  CHECK(accepted_send_buffer(folder.path) == 32 << 10);
}

TEST_CASE("a request that arrives byte by byte is answered") {
  ServerFixture fixture;
  TestClient client(fixture);
  for (const char byte : get("/ping")) client.send({&byte, 1});
  CHECK(client.received().ends_with("healthy"));
}

TEST_CASE("pipelined requests are answered in order, more than a turn's share of them too") {
  ServerFixture fixture;
  TestClient client(fixture);
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += get("/" + std::to_string(i));
  CHECK(count(client.ask(requests), "HTTP/1.1 200 OK") == 500);
  REQUIRE(fixture.handler.seen.size() == 500);
  for (std::size_t i = 0; i < 500; ++i) CHECK(fixture.handler.seen[i] == "GET /" + std::to_string(i));
}

TEST_CASE("one client gets at most 16 pipelined answers in a turn, and others come in between") {
  ServerFixture fixture;
  TestClient eager(fixture);
  TestClient other(fixture);
  std::string requests;
  for (int i = 0; i < 40; ++i) requests += get("/eager");
  eager.push(requests);
  fixture.loop.turn(Milliseconds(0));
  CHECK(fixture.handler.seen.size() == 16);
  other.push(get("/other"));
  fixture.loop.turn(Milliseconds(0));
  CHECK(fixture.handler.seen.size() == 33);
  CHECK(fixture.handler.seen.back() == "GET /other");
  CHECK(count(eager.received(), "200 OK") == 40);
}

TEST_CASE("a pipelined request waits for the answer before it") {
  ServerFixture fixture;
  TestClient client(fixture);
  CHECK(client.ask(get("/wait") + get("/ping")).empty());
  CHECK(fixture.handler.seen.size() == 1);
  fixture.handler.release();
  const std::string answers = client.received();
  CHECK(answers.find("waited") < answers.find("healthy"));
  CHECK(answers.ends_with("healthy"));
}

TEST_CASE("nothing is read while an answer is waited for") {
  ServerFixture fixture;
  TestClient client(fixture);
  client.send(get("/wait"));
  client.send(get("/ping"));
  client.send("garbage\n");
  CHECK(fixture.handler.refusals.empty());
  fixture.handler.release();
  CHECK(count(client.received(), "HTTP/1.1 ") == 3);
  CHECK(client.closed());
}

TEST_CASE("every malformed request is refused, and its connection closed") {
  ServerFixture fixture;
  for (const RequestCase& refused : malformed_requests()) {
    CAPTURE(refused.name);
    fixture.handler.refusals.clear();
    TestClient client(fixture);
    const std::string answer = client.ask(refused.bytes);
    CHECK(answer.starts_with("HTTP/1.1 " + std::to_string(refused.status) + " "));
    CHECK(count(answer, "HTTP/1.1 ") == 1);
    CHECK(answer.find("\r\nConnection: close\r\n") != std::string::npos);
    CHECK(client.closed());
    CHECK(fixture.handler.refusals.size() == 1);
  }
  CHECK(fixture.handler.seen.empty());
}

TEST_CASE("a refusal is sent after the earlier answers, and nothing after it is read") {
  ServerFixture fixture;
  TestClient client(fixture);
  const std::string answers = client.ask(get("/a") + "GET /b HTTP/1.1\r\n\r\n" + get("/c"));
  CHECK(answers.starts_with("HTTP/1.1 200 "));
  CHECK(count(answers, "HTTP/1.1 400 ") == 1);
  CHECK(fixture.handler.seen == std::vector<std::string>{"GET /a"});
}

TEST_CASE("HEAD is answered without a body, and keeps the connection in step") {
  ServerFixture fixture;
  TestClient client(fixture);
  const std::string answer = client.ask("HEAD /ping HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(answer.find("Content-Length: 7\r\n") != std::string::npos);
  CHECK(answer.ends_with("\r\n\r\n"));
  CHECK(client.ask(get("/ping")).ends_with("healthy"));
}

TEST_CASE("a malformed HEAD is refused without a body") {
  ServerFixture fixture;
  TestClient client(fixture);
  const std::string answer = client.ask("HEAD /ping HTTP/1.1\r\n\r\n");
  CHECK(answer.starts_with("HTTP/1.1 400 "));
  CHECK(answer.ends_with("\r\n\r\n"));
}

TEST_CASE("an HTTP/1.0 connection is closed unless the client asks to keep it open") {
  ServerFixture fixture;
  TestClient closing(fixture);
  const std::string answer = closing.ask("GET /ping HTTP/1.0\r\n\r\n");
  CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(answer.find("Connection: close\r\n") != std::string::npos);
  CHECK(closing.closed());
  TestClient staying(fixture);
  CHECK(staying.ask("GET /ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").find("Connection: keep-alive\r\n") !=
        std::string::npos);
  CHECK_FALSE(staying.closed());
}

TEST_CASE("a connection whose client asks for the close is closed at once") {
  ServerFixture fixture;
  TestClient client(fixture);
  CHECK(client.ask(get("/ping", "Connection: close\r\n")).find("Connection: close\r\n") != std::string::npos);
  CHECK(client.closed());
  CHECK(fixture.server.connection_count() == 0);
}

TEST_CASE("a client that asked for the close gets its whole answer, even if it sends more while it waits") {
  ServerFixture fixture;
  TestClient client(fixture);
  client.send(get("/wait", "Connection: close\r\n"));
  client.send("\r\n");
  fixture.handler.release();
  CHECK(client.received().ends_with("waited"));
  CHECK(client.closed());
}

TEST_CASE("a body is read and ignored before the answer") {
  ServerFixture fixture;
  TestClient client(fixture);
  const std::string body(200000, 'x');
  client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n");
  client.send(body.substr(1));
  CHECK(client.received().empty());
  CHECK(fixture.handler.seen.empty());
  CHECK(count(client.ask("x" + get("/b")), "200 OK") == 2);
  CHECK(fixture.handler.seen == std::vector<std::string>{"POST /a", "GET /b"});
}

TEST_CASE("a client that expects a 100 gets it") {
  ServerFixture fixture;
  TestClient client(fixture);
  CHECK(client.ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n") ==
        "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(client.ask("h").empty());
  CHECK(client.ask("i").ends_with("healthy"));
}

TEST_CASE("a client whose body would be refused gets the refusal and no 100") {
  ServerFixture fixture;
  for (const auto& [fields, status] : {std::pair{"Content-Length: 262145\r\n", "413"},
                                       {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "400"},
                                       {"Transfer-Encoding: gzip\r\n", "400"}}) {
    TestClient client(fixture);
    const std::string answer =
        client.ask("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n" + std::string(fields) + "\r\n");
    CHECK(answer.starts_with("HTTP/1.1 " + std::string(status)));
    CHECK(client.closed());
  }
}

TEST_CASE("a 100 is sent after the earlier answers, and only if a body follows") {
  ServerFixture fixture;
  TestClient client(fixture);
  CHECK(count(client.ask(get("/ping", "Expect: 100-continue\r\n")), "HTTP/1.1 ") == 1);
  client.send(get("/wait") +
              "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.received().empty());
  fixture.handler.release();
  CHECK(client.received().ends_with("waitedHTTP/1.1 100 Continue\r\n\r\n"));
  CHECK(client.ask("1\r\nx\r\n0\r\n\r\n").ends_with("healthy"));
}

TEST_CASE("a half-closed client still gets its answers") {
  ServerFixture fixture;
  TestClient client(fixture);
  client.send(get("/wait") + get("/ping"));
  client.shut_down_writing();
  CHECK(client.received().empty());
  CHECK(fixture.handler.waiting == 1);
  fixture.handler.release();
  CHECK(client.received().ends_with("healthy"));
  CHECK(client.closed());
  CHECK(fixture.server.connection_count() == 0);
}

TEST_CASE("a vanished client frees its connection and its task at once") {
  ServerFixture fixture;
  TestClient client(fixture);
  client.send(get("/wait") + get("/ping"));
  CHECK(fixture.handler.waiting == 1);
  client.reset();
  CHECK(fixture.handler.waiting == 0);
  CHECK(fixture.server.connection_count() == 0);
}

TEST_CASE("the connection of a client that leaves in the middle of a request is closed") {
  ServerFixture fixture;
  TestClient client(fixture);
  client.send("GET / HT");
  client.close();
  fixture.settle();
  CHECK(fixture.server.connection_count() == 0);
  CHECK(fixture.handler.refusals.empty());
}

TEST_CASE("destroying a server closes its connections and destroys their tasks") {
  ManualClocks clocks;
  auto fixture = std::make_unique<ServerFixture>();
  TestClient client(*fixture);
  client.send(get("/wait"));
  CHECK(fixture->handler.waiting == 1);
}
