#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <map>
#include <optional>

#include "base/scheduler.h"

namespace sma {

/// curl's sockets, each with the call that it was opened for. A connection is kept after its call, so this outlives
/// calls. It also knows when TCP was connected, which curl says only after tunnel and handshake.
class OpenSockets {
 public:
  /// A call's number, which no other call ever has.
  using CallId = std::uint64_t;

  explicit OpenSockets(Scheduler& scheduler) : scheduler_(scheduler) {}

  [[nodiscard]] CallId next_call() { return ++last_call_; }
  /// A new socket; CURL_SOCKET_BAD, with `errno`, if there is none.
  [[nodiscard]] curl_socket_t open(CallId call, const curl_sockaddr& address);
  void close(curl_socket_t socket);

  /// To be called when something has happened on the socket: it may be connected now.
  void look_at(curl_socket_t socket);
  /// When the first of the call's sockets was connected; none if none is.
  [[nodiscard]] std::optional<TimePoint> connected_at(CallId call);
  [[nodiscard]] std::size_t size() const { return sockets_.size(); }

 private:
  struct Socket {
    CallId call;
    std::optional<TimePoint> connected{};
  };
  void look_at(curl_socket_t descriptor, Socket& socket);

  Scheduler& scheduler_;
  CallId last_call_ = 0;
  std::map<curl_socket_t, Socket> sockets_;
};

}  // namespace sma
