#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/event.h"
#include "base/file_descriptor.h"
#include "http_server/handler.h"
#include "os/event_loop.h"

namespace sma {

/// The bounds of a server. Defaults are those of specification §1.8 and §1.9.
struct ServerLimits {
  static constexpr std::size_t kExtraConnections = 16;  ///< accepted over `max_connections`; two of them may ping

  std::size_t max_connections = 800;  ///< regular ones
  Seconds head_time{10};              ///< to send a whole head, from its first byte
  Seconds request_time{61};           ///< from the first byte of a request to the last byte of its answer
  Seconds idle_time{75};              ///< without a byte of a request, also after the start
  Seconds linger_time{2};  ///< input is ignored after a closing answer, so that the client can read the answer
  std::size_t linger_bytes = std::size_t{1} << 20;
  std::size_t head_pool_bytes = std::size_t{2} << 20;  ///< shared by all heads over 4 KiB
};

/// What a server has done since its start.
struct ServerCounts {
  static constexpr std::size_t kStatuses = 600;
  std::array<std::uint64_t, kStatuses> answers{};  ///< by status
  std::uint64_t evicted = 0;                       ///< connections closed for new clients
};

/// Accepts connections on the listening sockets and answers requests on them, strictly by RFC 9110 and 9112
/// (specification §1.7). A client that is slow, stuck or gone costs its connection and nothing else. If descriptors run
/// out, accepting pauses; it never spins. SIGPIPE must be ignored.
class Server {
 public:
  Server(EventLoop& loop, ServerObserver& observer, ServerLimits limits);
  ~Server();

  /// Begins to accept on a listening socket, and hands the requests of its connections to `handler`. Before that,
  /// clients wait in its backlog. The limits hold for the connections of all sockets together.
  void listen(FileDescriptor socket, Handler& handler);
  /// Closes the listening sockets and all idle connections; after this every answer closes its connection.
  void drain();
  /// Connections still open (those that linger included).
  [[nodiscard]] std::size_t connection_count() const;
  [[nodiscard]] const ServerCounts& counts() const;
  /// Set once `drain` was called and the last connection is gone.
  [[nodiscard]] Event& drained();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sma
