#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "base/fault.h"
#include "base/shared_bytes.h"
#include "base/task.h"
#include "http_server/request.h"

namespace sma {

/// What a request is answered with. The connection adds `Content-Length`, `Date`, `Cache-Control: no-store` and
/// `Connection`. An answer to HEAD has the length of the body but not the body.
struct ServerResponse {
  int status = 200;
  std::string_view content_type = "text/plain";  ///< a literal
  SharedBytes body{};
  std::string_view field_line = "";  ///< a literal: one more field, with its CR LF; none if empty, and never null
  bool close = false;                ///< close the connection after this answer
  bool client_is_known = false;      ///< the client showed that it may use the server; it keeps its connection longer
};

/// What happened to a client that connected while all regular places were taken.
enum class Crowding : std::uint8_t {
  closed_idle,  ///< an idle connection was closed for it
  no_place,     ///< it is over the limit
};

/// Knows what requests mean. An answer that is there is returned as it is (no coroutine, no allocation). An answer that
/// has to be waited for is a task, which copies what it needs from the request and is destroyed with its connection.
/// Its client counts as known while it waits.
class Handler {
 public:
  virtual std::variant<ServerResponse, Task<ServerResponse>> handle(const ServerRequest& request) = 0;

 protected:
  ~Handler() = default;
};

/// Learns of events other than requests, for the log.
class ServerObserver {
 public:
  /// A request that was no HTTP and was answered by the server itself.
  virtual void refused(int status, std::string_view reason) = 0;
  /// A connection that the server closes because of a fault of this machine.
  virtual void lost(const Fault& fault) = 0;
  /// A client connected while all regular places were taken.
  virtual void crowded(Crowding crowding) = 0;

 protected:
  ~ServerObserver() = default;
};

}  // namespace sma
