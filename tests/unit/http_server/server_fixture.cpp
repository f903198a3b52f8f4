#include "tests/unit/http_server/server_fixture.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>

namespace sma {

std::variant<ServerResponse, Task<ServerResponse>> RecordingHandler::handle(const ServerRequest& request) {
  seen.push_back(std::string(request.method) + " " + std::string(request.path));
  admissions.push_back(request.admission);
  if (request.admission != Admission::regular && request.path != "/ping")
    return ServerResponse{.status = 429, .body = SharedBytes::of_literal("too many")};
  if (request.path == "/wait") return wait(true);
  if (request.path == "/hold") return wait(false);
  if (request.path == "/big") return ServerResponse{.body = big};
  if (request.path == "/known") return ServerResponse{.body = SharedBytes("known"), .client_is_known = true};
  if (request.path == "/close") return ServerResponse{.body = SharedBytes("bye"), .close = true};
  return ServerResponse{.body = SharedBytes::of_literal("healthy")};
}

Task<ServerResponse> RecordingHandler::wait(bool known) {
  struct Counted {
    explicit Counted(int& counter) : count(counter) { ++count; }
    ~Counted() { --count; }
    int& count;
  } counted(waiting);
  co_await released_.wait();
  co_return ServerResponse{.body = SharedBytes("waited"), .client_is_known = known};
}

void RecordingHandler::refused(int status, std::string_view reason) {
  refusals.push_back(std::to_string(status) + " " + std::string(reason));
}

ServerFixture::ServerFixture(ServerLimits limits) : server(loop, handler, limits) {
  std::signal(SIGPIPE, SIG_IGN);
  auto listening = listen_on_loopback(0);
  REQUIRE(listening.ok());
  port = listening->port;
  server.listen(std::move(listening->ipv4), handler);
}

void ServerFixture::settle() {
  // On a busy machine the kernel may hand bytes over a moment later.
  for (int turn = 0; turn < 40; ++turn) loop.turn(Milliseconds(turn == 20 ? 1 : 0));
}

TestClient::TestClient(ServerFixture& fixture, int receive_buffer)
    : fixture_(fixture), socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int on = 1;
  setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (receive_buffer != 0) setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(fixture.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  fixture_.settle();
}

void TestClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    fixture_.settle();
  }
}

void TestClient::push(std::string_view bytes) {
  REQUIRE(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
}

std::string TestClient::received() {
  take();
  return std::exchange(received_, {});
}

std::string TestClient::received_until(std::string_view end) {
  for (int tries = 0; tries < 2000 && !closed_ && !received_.ends_with(end); ++tries) {
    take();
    fixture_.loop.turn(Milliseconds(10));
  }
  return std::exchange(received_, {});
}

void TestClient::take() {
  std::array<char, 65536> bytes;
  for (;;) {
    fixture_.settle();
    const ssize_t count = recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count == 0) closed_ = true;
    if (count < 0 && errno != EAGAIN) {
      closed_ = true;
      received_ += "[reset]";
    }
    if (count <= 0) return;
    received_.append(bytes.data(), static_cast<std::size_t>(count));
  }
}

void TestClient::send_some(std::string_view bytes) {
  (void)::send(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  fixture_.settle();
}

void TestClient::shut_down_writing() {
  shutdown(socket_.get(), SHUT_WR);
  fixture_.settle();
}

void TestClient::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket_.close();
  fixture_.settle();
}

std::vector<SendMemory> send_memory(std::uint16_t port) {
  std::vector<SendMemory> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int socket = std::atoi(entry.path().filename().c_str());
    sockaddr_in own{};
    sockaddr_in other{};
    socklen_t own_size = sizeof own;
    socklen_t other_size = sizeof other;
    std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
    socklen_t memory_size = sizeof memory;
    // A listening socket has no other end.
    const bool is_connection = getsockname(socket, reinterpret_cast<sockaddr*>(&own), &own_size) == 0 &&
                               ntohs(own.sin_port) == port &&
                               getpeername(socket, reinterpret_cast<sockaddr*>(&other), &other_size) == 0;
    if (is_connection && getsockopt(socket, SOL_SOCKET, SO_MEMINFO, memory.data(), &memory_size) == 0)
      found.push_back({.queued = memory[SK_MEMINFO_WMEM_QUEUED], .limit = memory[SK_MEMINFO_SNDBUF]});
  }
  return found;
}

std::size_t count(std::string_view in, std::string_view text) {
  std::size_t found = 0;
  for (auto at = in.find(text); at != in.npos; at = in.find(text, at + text.size())) ++found;
  return found;
}

std::string get(std::string_view path, std::string_view fields) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n" + std::string(fields) + "\r\n";
}

}  // namespace sma
