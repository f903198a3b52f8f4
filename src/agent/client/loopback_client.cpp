#include "agent/client/loopback_client.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/file_descriptor.h"
#include "http_server/request.h"

namespace sma {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{64} << 20;

Fault no_agent(std::uint16_t port, const std::string& why) {
  return Fault::connection("no agent answers on 127.0.0.1:" + std::to_string(port) + ": " + why);
}

/// A blocking socket whose calls all together take no longer than until a deadline: one that drips ends too.
class Conversation {
 public:
  Conversation(const Clocks& clocks, TimePoint deadline)
      : clocks_(clocks), deadline_(deadline), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}

  bool connect(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return limit(SO_SNDTIMEO) &&
           ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

  bool send_all(std::string_view bytes) {
    while (!bytes.empty()) {
      if (!limit(SO_SNDTIMEO)) return false;
      const ssize_t sent = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// The request asks for the connection to be closed: the answer ends with it.
  bool receive_all(WipedBytes& answer) {
    std::array<char, 16384> portion;
    for (;;) {
      if (!limit(SO_RCVTIMEO)) return false;
      const ssize_t got = recv(socket_.get(), portion.data(), portion.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      if (got > 0) answer.append({portion.data(), static_cast<std::size_t>(got)});
      wipe(portion.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
      if (got == 0) return true;
      if (answer.size() > kMaxAnswer) errno = EMSGSIZE;
      if (got < 0 || answer.size() > kMaxAnswer) return false;
    }
  }

 private:
  /// Gives the next call the time that is left; false, with errno set, where none is.
  bool limit(int option) {
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(deadline_ - clocks_.boot_now());
    const timeval time{left.count() / 1'000'000, left.count() % 1'000'000};
    errno = ETIMEDOUT;
    return left.count() > 0 && setsockopt(socket_.get(), SOL_SOCKET, option, &time, sizeof time) == 0;
  }

  const Clocks& clocks_;
  TimePoint deadline_;
  FileDescriptor socket_;
};

/// What errno says; of a limit that ran out EAGAIN and EINPROGRESS are the other names.
std::string reason() {
  const bool late = errno == EAGAIN || errno == EINPROGRESS;
  return std::strerror(late ? ETIMEDOUT : errno);
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
                                 std::string_view token, const Clocks& clocks, TimePoint deadline) {
  Conversation agent(clocks, deadline);
  if (!agent.connect(port)) return no_agent(port, reason());

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
  if (!agent.send_all(request.view())) return no_agent(port, reason());
  if (!agent.receive_all(bytes)) return no_agent(port, "the answer did not come whole: " + reason());
  auto answer = read_answer(bytes.view());
  if (!answer) return no_agent(port, "the answer is no proper HTTP");
  return std::move(*answer);
}

}  // namespace sma
