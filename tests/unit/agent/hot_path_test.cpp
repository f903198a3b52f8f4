#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <string>

#include "agent/routes.h"
#include "http_server/server.h"
#include "os/listening_socket.h"
#include "os/unix_listener.h"
#include "tests/unit/base/counted_calls.h"
#include "tests/unit/base/equal_bytes.h"
#include "tests/unit/base/log_lines.h"
#include "tests/unit/base/temp_folder.h"
#include "tests/unit/os/manual_clocks.h"
#include "tests/unit/secrets/fake_source.h"

namespace sma {
namespace {

/// All that a cached answer passes through, on a real loop and real sockets, with one secret in the cache, as large as
/// AWS allows.
class CachedSecretServer {
 public:
  CachedSecretServer() {
    auto listening = listen_on_loopback(0);
    REQUIRE(listening.ok());
    port_ = listening->port;
    server_.listen(std::move(listening->ipv4), routes_);
    auto local = listen_on_unix(path_, std::nullopt);
    REQUIRE(local.ok());
    file_ = std::move(local->file);
    server_.listen(std::move(local->socket), routes_.local());
    REQUIRE(store_.prefetched({"a b"}, "", secret("a b", "v1", text()), loop_.now(), 1.0));
  }

  [[nodiscard]] static std::string text() { return std::string(65536, 's'); }

  FileDescriptor connect() {
    FileDescriptor client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    return client;
  }

  [[nodiscard]] FileDescriptor connect_to_socket() const {
    FileDescriptor client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return client;
  }

  /// What the server does for one request; the client's own calls are not counted.
  CallCounts serve(const FileDescriptor& client, const std::string& request) {
    REQUIRE(::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()));
    const CallCounts before = counted_calls();
    // On a busy machine the kernel may hand bytes over a moment later.
    for (int turn = 0; turn < 1000 && counted_calls().writes == before.writes; ++turn) loop_.turn(Milliseconds(1));
    loop_.turn(Milliseconds(0));
    const CallCounts done = counted_calls().since(before);
    std::string answer;
    while (!answer.ends_with("\r\n\r\n" + text())) {
      std::array<char, 65536> part;
      const ssize_t size = ::recv(client.get(), part.data(), part.size(), 0);
      REQUIRE(size > 0);
      answer.append(part.data(), static_cast<std::size_t>(size));
    }
    return done;
  }

  void pass(Nanoseconds time) { clocks_.advance(time); }
  [[nodiscard]] std::string operations() const { return source_.operations(); }

  /// Where the cache has the answer.
  [[nodiscard]] const char* cached() { return store_.fresh({"a b", "", "", ""})->bytes.view().data(); }

 private:
  ManualClocks clocks_;
  EventLoop loop_{clocks_};
  LogLines lines_;
  Log log_{&lines_, LogLevel::info};
  FakeSource source_{loop_};
  EqualBytes random_{0x80};
  SecretStore store_{loop_, source_, random_, log_, {}};
  SsrfGuard guard_{loop_, log_, {"X-Aws-Parameters-Secrets-Token", "X-Vault-Token"}, SharedBytes("token")};
  Routes routes_{loop_, store_, guard_, log_, "/v1/"};
  Server server_{loop_, routes_, {}};
  std::uint16_t port_ = 0;
  TempFolder folder_;
  std::string path_ = folder_ / "agent.sock";
  SocketFile file_;
};

std::string request(const std::string& target, const std::string& more = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost:2773\r\nUser-Agent: test\r\nX-Vault-Token: token\r\n" + more +
         "\r\n";
}

TEST_CASE("what the calls are counted with counts") {
  const CallCounts before = counted_calls();
  const SharedBytes allocated("x");
  const CachedSecretServer server;
  const CallCounts calls = counted_calls().since(before);
  CHECK(calls.allocations > 0);
  CHECK(calls.registrations > 0);  // one for each address
  CHECK(calls.others > 0);
}

TEST_CASE("a cached secret on a kept-alive connection costs one read, one write, no allocation and no copy") {
  CachedSecretServer server;
  const std::array clients{server.connect(), server.connect_to_socket()};
  for (const FileDescriptor& client : clients)
    for (const char* target :
         {"/v1/a%20b", "/secretsmanager/get?secretId=a+b", "/secretsmanager/get?secretId=a%20b&refreshNow=false"}) {
      CAPTURE(std::string(target));
      server.serve(client, request(target));  // buffers that are kept are made once
      for (int i = 0; i < 10; ++i) {
        const CallCounts calls = server.serve(client, request(target));
        CHECK(calls.allocations == 0);
        CHECK(calls.reads == 1);
        CHECK(calls.writes == 1);
        CHECK(calls.registrations == 0);
        CHECK(calls.accepts + calls.closes + calls.others == 0);
        CHECK(calls.last_written.data() == server.cached());
      }
    }
}

TEST_CASE("a hit that renews its secret ahead of time costs one read and one write, and those after it no allocation") {
  CachedSecretServer server;
  const FileDescriptor client = server.connect();
  server.serve(client, request("/v1/a%20b"));
  server.pass(Seconds{280});
  const CallCounts first = server.serve(client, request("/v1/a%20b"));
  CHECK(first.reads == 1);
  CHECK(first.writes == 1);
  CHECK(server.operations() == "describe");
  const CallCounts second = server.serve(client, request("/v1/a%20b"));
  CHECK(second.allocations == 0);
  CHECK(second.reads == 1);
  CHECK(second.writes == 1);
  CHECK(server.operations() == "describe");
}

TEST_CASE("a cached secret on a connection of its own meets epoll once, for the listener") {
  CachedSecretServer server;
  for (int i = 0; i < 10; ++i) {
    const CallCounts calls = server.serve(server.connect(), request("/v1/a%20b", "Connection: close\r\n"));
    CHECK(calls.reads == 1);
    CHECK(calls.writes == 1);
    CHECK(calls.closes == 1);
    CHECK(calls.registrations == 0);
  }
}

}  // namespace
}  // namespace sma
