#include "agent/client/loopback_client.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "os/listening_socket.h"
#include "tests/unit/base/temp_folder.h"
#include "tests/unit/os/manual_clocks.h"

namespace sma {
namespace {

constexpr TimePoint kFar{Seconds{2000}};

/// Takes one connection, reads a request's head, and answers with the same bytes as often as told.
class OtherSide {
 public:
  explicit OtherSide(std::string answer, std::size_t times = 1)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(bind(listener_.get(), generic, size) == 0);
    REQUIRE(listen(listener_.get(), 1) == 0);
    REQUIRE(getsockname(listener_.get(), generic, &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, answer, times] {
      const FileDescriptor client(accept(listener_.get(), nullptr, nullptr));
      char byte = 0;
      while (request_.find("\r\n\r\n") == std::string::npos && recv(client.get(), &byte, 1, 0) == 1) request_ += byte;
      for (std::size_t i = 0; i < times; ++i)
        if (send(client.get(), answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return;
    });
  }
  ~OtherSide() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
  }
  OtherSide(const OtherSide&) = delete;
  OtherSide& operator=(const OtherSide&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// What it was asked, once it has answered.
  const std::string& request() {
    thread_.join();
    return request_;
  }

 private:
  FileDescriptor listener_;
  std::uint16_t port_ = 0;
  std::string request_;
  std::thread thread_;
};

/// A socket on which another user listens.
class Impostor {
 public:
  explicit Impostor(const std::string& path)
      : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    // The kernel keeps the user of the one who calls listen(2).
    const pid_t child = fork();
    if (child == 0) _exit(setuid(12345) == 0 && listen(listener_.get(), 1) == 0 ? 0 : 1);
    int status = 1;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(status == 0);
  }

  /// What a client has sent.
  [[nodiscard]] std::string received() const {
    const FileDescriptor client(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    REQUIRE(client.valid());
    std::array<char, 100> bytes;
    const ssize_t size = recv(client.get(), bytes.data(), bytes.size(), 0);
    return {bytes.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  }

 private:
  FileDescriptor listener_;
};

/// A second passes whenever somebody looks.
class HastyClocks final : public Clocks {
 public:
  [[nodiscard]] TimePoint boot_now() const override { return now_ += Seconds{1}; }
  [[nodiscard]] WallTime wall_now() const override { return {}; }
  [[nodiscard]] Nanoseconds suspended_time() const override { return {}; }

 private:
  mutable TimePoint now_{Seconds{1000}};
};

Result<LoopbackAnswer> ask(const OtherSide& other) {
  return ask_agent(AgentAddress(other.port()), "/ping", {}, ManualClocks(), kFar);
}

TEST_CASE("the agent is asked with the token in one field, and its whole answer is given") {
  OtherSide other("HTTP/1.1 403 Forbidden\r\ncontent-length: 9\r\n\r\nBad Token");
  const auto answer = ask_agent(AgentAddress(other.port()), "/v1/a", {"X-Field", "token"}, ManualClocks(), kFar);
  REQUIRE(answer.ok());
  CHECK(answer->status == 403);
  CHECK(answer->body.view() == "Bad Token");
  CHECK(other.request() == "GET /v1/a HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nX-Field: token\r\n\r\n");
}

TEST_CASE("an answer that is not whole, or none at all, is a fault that names the port") {
  for (const char* wrong : {"", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1",
                            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd", "SSH-2.0-x\r\n\r\n",
                            "HTTP/1.1 abc\r\nContent-Length: 0\r\n\r\n",
                            "HTTP/1.1 200 OK\r\nContent-Length: 0x\r\n\r\n", "HTTP/1.1 2\r\n\r\n"}) {
    const OtherSide other(wrong);
    const auto answer = ask(other);
    CAPTURE(wrong);
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.fault().message.starts_with("no agent answers on 127.0.0.1:" + std::to_string(other.port()) + ": "));
  }
}

TEST_CASE("if nobody listens, the fault says so") {
  std::uint16_t port = 0;
  {
    const auto listener = listen_on_loopback(0);
    REQUIRE(listener.ok());
    port = listener->port;
  }
  const auto answer = ask_agent(AgentAddress(port), "/ping", {}, ManualClocks(), kFar);
  REQUIRE_FALSE(answer.ok());
  CHECK(answer.fault().message.ends_with("Connection refused"));
}

TEST_CASE("over a socket the fault names its path, and an agent of another user is sent nothing") {
  const TempFolder folder;
  AgentAddress address(0);
  address.socket = folder / "agent.sock";
  const auto none = ask_agent(address, "/ping", {}, ManualClocks(), kFar);
  REQUIRE_FALSE(none.ok());
  CHECK(none.fault().message == "no agent answers on unix:" + address.socket + ": No such file or directory");
  if (geteuid() == 0) {
    const Impostor impostor(address.socket);
    const auto refused = ask_agent(address, "/ping", {}, ManualClocks(), kFar);
    REQUIRE_FALSE(refused.ok());
    CHECK(
        refused.fault().message.ends_with("user 12345 listens there, who may not be the agent's: if it is, add "
                                          "--agent-user 12345"));
    CHECK(impostor.received().empty());
  }
}

TEST_CASE("an answer that never ends is a fault at the deadline, or once it is too large") {
  const OtherSide dripping("x", std::size_t{1} << 40);
  const HastyClocks clocks;
  const auto late = ask_agent(AgentAddress(dripping.port()), "/ping", {}, clocks, TimePoint{Seconds{1100}});
  REQUIRE_FALSE(late.ok());
  CHECK(late.fault().message.ends_with("Connection timed out"));

  const OtherSide huge(std::string(std::size_t{1} << 20, 'x'), 100);
  const auto large = ask(huge);
  REQUIRE_FALSE(large.ok());
  CHECK(large.fault().message.ends_with("Message too long"));
}

}  // namespace
}  // namespace sma
