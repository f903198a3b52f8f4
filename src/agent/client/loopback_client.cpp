#include "agent/client/loopback_client.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>

#include "base/ascii.h"
#include "base/file_descriptor.h"
#include "base/whole_number.h"

namespace sma {
namespace {

constexpr in_addr_t kOwnAddress = INADDR_LOOPBACK + 1;  // 127.0.0.2, which Linux has as well
constexpr std::size_t kMaxAnswer = std::size_t{64} << 20;

Fault no_agent(const AgentAddress& address, const std::string& why) {
  return Fault::connection("no agent answers on " + address.text() + ": " + why);
}

/// What errno says. EAGAIN and EINPROGRESS mean that the time is up, too.
std::string reason() {
  const bool late = errno == EAGAIN || errno == EINPROGRESS;
  return std::strerror(late ? ETIMEDOUT : errno);
}

std::optional<std::size_t> content_length(std::string_view head) {
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), line.size() + 2));
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && equals_ignoring_case(line.substr(0, colon), "Content-Length"))
      return whole_number<std::size_t>(trimmed(line.substr(colon + 1)));
  }
  return std::nullopt;
}

std::optional<LoopbackAnswer> read_answer(std::string_view text) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  const std::size_t end = text.find("\r\n\r\n");
  if (!text.starts_with(kVersion) || end == std::string_view::npos) return std::nullopt;
  const auto status = whole_number<int>(text.substr(kVersion.size(), 3));
  const std::string_view body = text.substr(end + 4);
  if (!status || content_length(text.substr(0, end)) != body.size()) return std::nullopt;
  return LoopbackAnswer{*status, WipedBytes(body)};
}

}  // namespace

/// A blocking socket with one deadline for all its calls together: a peer that sends byte by byte does not extend it.
class AgentCall::Conversation {
 public:
  Conversation(const Clocks& clocks, TimePoint deadline) : clocks_(clocks), deadline_(deadline) {}

  /// Returns why not, if it failed.
  std::optional<std::string> connect(const AgentAddress& address) {
    if (address.socket.empty()) return connect_to_port(address.port) ? std::nullopt : std::optional(reason());
    if (!connect_to_socket(address.socket)) return reason();
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(socket_.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return reason();
    return why_not_trusted(peer.uid, address.socket, address.agent_user);
  }

  bool send_all(std::string_view bytes) {
    while (!bytes.empty()) {
      if (!limit(SO_SNDTIMEO)) return false;
      const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// The request asks the agent to close the connection: the answer ends there.
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
  bool connect_to_port(std::uint16_t port) {
    socket_ = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    // If the agent's port is in the range of local ports and nobody listens there, the kernel may give this port to
    // this socket, which then connects to itself and takes the port from the agent. From another address it cannot.
    address.sin_addr.s_addr = htonl(kOwnAddress);
    static_cast<void>(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return limit(SO_SNDTIMEO) &&
           ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

  bool connect_to_socket(const std::string& path) {
    socket_ = FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return limit(SO_SNDTIMEO) &&
           ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

  /// Limits the next call to the time that is left; false, with errno set, if none is left.
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

AgentCall::AgentCall(AgentAddress address, const Clocks& clocks, TimePoint deadline)
    : address_(std::move(address)), conversation_(std::make_unique<Conversation>(clocks, deadline)) {}
AgentCall::AgentCall(AgentCall&&) noexcept = default;
AgentCall::~AgentCall() = default;

Result<Done> AgentCall::send(std::string_view target, TokenField field) {
  if (const auto why = conversation_->connect(address_)) return no_agent(address_, *why);
  WipedBytes request("GET ");
  request.append(target);
  request.append(" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n");
  if (!field.token.empty()) {
    request.append(field.name);
    request.append(": ");
    request.append(field.token);
    request.append("\r\n");
  }
  request.append("\r\n");
  if (!conversation_->send_all(request.view())) return no_agent(address_, reason());
  return Done{};
}

Result<LoopbackAnswer> AgentCall::receive() {
  WipedBytes bytes;
  if (!conversation_->receive_all(bytes)) return no_agent(address_, "the answer did not come whole: " + reason());
  auto answer = read_answer(bytes.view());
  if (!answer) return no_agent(address_, "the answer is not valid HTTP");
  return std::move(*answer);
}

Result<LoopbackAnswer> ask_agent(const AgentAddress& address, std::string_view target, TokenField field,
                                 const Clocks& clocks, TimePoint deadline) {
  AgentCall call(address, clocks, deadline);
  if (const Result<Done> sent = call.send(target, field); !sent.ok()) return sent.fault();
  return call.receive();
}

}  // namespace sma
