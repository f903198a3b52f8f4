#include "agent/loopback_client.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include "http_server/request.h"
#include "net/file_descriptor.h"

namespace sma {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{64} << 20;

Fault no_agent(std::uint16_t port, const std::string& why) {
  return Fault::connection("no agent answers on 127.0.0.1:" + std::to_string(port) + ": " + why);
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// The request asks for the connection to be closed: the answer ends with it.
bool receive_all(int socket, WipedBytes& answer) {
  std::array<char, 16384> portion;
  for (;;) {
    const ssize_t got = recv(socket, portion.data(), portion.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got > 0) answer.append({portion.data(), static_cast<std::size_t>(got)});
    if (got <= 0 || answer.size() > kMaxAnswer) {
      wipe(portion.data(), portion.size());
      return got == 0;
    }
  }
}

std::optional<std::size_t> content_length(std::string_view head) {
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), line.size() + 2));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !equal_ignoring_case(line.substr(0, colon), "Content-Length")) continue;
    const std::size_t digits = line.find_first_of("0123456789", colon);
    std::size_t length = 0;
    if (digits == std::string_view::npos ||
        std::from_chars(line.data() + digits, line.data() + line.size(), length).ec != std::errc{})
      return std::nullopt;
    return length;
  }
  return std::nullopt;
}

std::optional<LoopbackAnswer> read_answer(std::string_view text) {
  LoopbackAnswer answer;
  const std::size_t end = text.find("\r\n\r\n");
  if (!text.starts_with("HTTP/1.1 ") || end == std::string_view::npos) return std::nullopt;
  if (std::from_chars(text.data() + 9, text.data() + 12, answer.status).ec != std::errc{}) return std::nullopt;
  const std::string_view body = text.substr(end + 4);
  if (content_length(text.substr(0, end)) != body.size()) return std::nullopt;
  answer.body.append(body);
  return answer;
}

}  // namespace

Result<LoopbackAnswer> ask_agent(std::uint16_t port, std::string_view target, std::string_view field,
                                 std::string_view token, Seconds limit) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval time{limit.count(), 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return no_agent(port, std::strerror(errno));

  WipedBytes request("GET ");
  request.append(target);
  request.append(" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
  if (!field.empty()) {
    request.append(field);
    request.append(": ");
    request.append(token);
    request.append("\r\n");
  }
  request.append("\r\n");
  WipedBytes bytes;
  if (!send_all(socket.get(), request.view())) return no_agent(port, std::strerror(errno));
  if (!receive_all(socket.get(), bytes)) return no_agent(port, "the answer did not come whole");
  auto answer = read_answer(bytes.view());
  if (!answer) return no_agent(port, "the answer is no proper HTTP");
  return std::move(*answer);
}

}  // namespace sma
