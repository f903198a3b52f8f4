#pragma once

#include <functional>

#include "base/file_descriptor.h"
#include "base/log.h"
#include "base/shared_bytes.h"
#include "http_server/handler.h"
#include "http_server/server.h"
#include "os/event_loop.h"

namespace sma {

/// Answers `/metrics`, `/ping` and `/ready` on a listening socket of its own, for monitoring systems and probes of
/// other machines. Such requests need no token and may have come through a proxy. It has its own few connections, so
/// that it takes none from clients. Source: specification §1.13.
class MetricsListener final : private Handler, private ServerObserver {
 public:
  /// What the answers are made from.
  struct Sources {
    std::function<bool()> ready;
    std::function<SharedBytes()> metrics;
  };
  /// Begins to accept. `loop` and `log` must outlive this object.
  MetricsListener(EventLoop& loop, Log& log, FileDescriptor socket, Sources sources);

  /// Accepts no more, and closes idle connections.
  void drain() { server_.drain(); }

  static constexpr std::size_t kConnections = 16;  ///< regular ones
  /// With those over the limit, and the listening socket.
  static constexpr std::size_t kDescriptors = kConnections + ServerLimits::kExtraConnections + 1;

 private:
  std::variant<ServerResponse, Task<ServerResponse>> handle(const ServerRequest& request) override;
  void refused(int status, std::string_view reason) override;
  void lost(const Fault& fault) override;
  void crowded(Crowding crowding) override;

  Log& log_;
  Sources sources_;
  Server server_;
};

}  // namespace sma
