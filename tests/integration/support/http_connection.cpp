#include "tests/integration/support/http_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace sma::integration {

namespace {

constexpr int kPatienceMs = 60'000;

}  // namespace

std::string Answer::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (standin::to_lower(key) == standin::to_lower(name)) return value;
  }
  return "";
}

HttpConnection::HttpConnection(std::uint16_t port, bool six)
    : fd_(socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 sixth{};
  sixth.sin6_family = AF_INET6;
  sixth.sin6_port = htons(port);
  sixth.sin6_addr = IN6ADDR_LOOPBACK_INIT;
  const auto* address = six ? reinterpret_cast<const sockaddr*>(&sixth) : reinterpret_cast<const sockaddr*>(&four);
  const socklen_t size = six ? sizeof sixth : sizeof four;
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connect_to(address, size, "port " + std::to_string(port));
}

HttpConnection::HttpConnection(const std::filesystem::path& socket)
    : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket.string().copy(address.sun_path, sizeof address.sun_path - 1);
  connect_to(&address, sizeof address, socket.string());
}

void HttpConnection::connect_to(const void* address, std::size_t size, const std::string& name) {
  const timeval patience{kPatienceMs / 1000, 0};  // for connecting and sending
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(fd_, static_cast<const sockaddr*>(address), static_cast<socklen_t>(size)) != 0) {
    const std::string reason = std::strerror(errno);
    close(fd_);
    throw std::runtime_error("cannot connect to " + name + ": " + reason);
  }
}

HttpConnection::~HttpConnection() {
  if (fd_ >= 0) close(fd_);
}

HttpConnection::HttpConnection(HttpConnection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {}

bool HttpConnection::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool HttpConnection::read_more() {
  pollfd wait{fd_, POLLIN, 0};
  if (poll(&wait, 1, kPatienceMs) == 0) throw std::runtime_error("no answer within a minute");
  std::array<char, 65536> chunk{};
  const ssize_t count = recv(fd_, chunk.data(), chunk.size(), 0);
  if (count <= 0) return false;
  buffer_.append(chunk.data(), static_cast<std::size_t>(count));
  return true;
}

Answer HttpConnection::read_answer(bool to_head) {
  auto answer = try_answer(to_head);
  if (!answer) throw std::runtime_error("the connection ended without an answer: " + buffer_);
  return std::move(*answer);
}

std::optional<Answer> HttpConnection::try_answer(bool to_head) {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more()) return std::nullopt;
  }
  Answer answer;
  std::size_t start = buffer_.find("\r\n") + 2;
  answer.status = std::atoi(buffer_.c_str() + buffer_.find(' ') + 1);
  while (start < end + 2) {
    const std::size_t line_end = buffer_.find("\r\n", start);
    const std::string line = buffer_.substr(start, line_end - start);
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) throw std::runtime_error("not a header: " + line);
    answer.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    start = line_end + 2;
  }
  buffer_.erase(0, end + 4);
  if (answer.status == 100) return answer;
  const std::size_t length = to_head ? 0 : std::strtoul(answer.header("content-length").c_str(), nullptr, 10);
  while (buffer_.size() < length) {
    if (!read_more()) return std::nullopt;
  }
  answer.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return answer;
}

bool HttpConnection::is_closed() { return buffer_.empty() && !read_more(); }

bool HttpConnection::has_input() const {
  pollfd wait{fd_, POLLIN, 0};
  return !buffer_.empty() || poll(&wait, 1, 0) > 0;
}

void HttpConnection::shut_down_writing() const { shutdown(fd_, SHUT_WR); }

void HttpConnection::vanish() {
  const linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(std::exchange(fd_, -1));
}

}  // namespace sma::integration
