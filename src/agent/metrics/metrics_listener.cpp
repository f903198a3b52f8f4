#include "agent/metrics/metrics_listener.h"

#include <utility>

#include "agent/own_requests.h"

namespace sma {

MetricsListener::MetricsListener(EventLoop& loop, Log& log, FileDescriptor socket, Sources sources)
    : log_(log),
      sources_(std::move(sources)),
      server_(loop, *this, {.max_connections = kConnections, .head_pool_bytes = std::size_t{128} << 10}) {
  server_.listen(std::move(socket), *this);
}

std::variant<ServerResponse, Task<ServerResponse>> MetricsListener::handle(const ServerRequest& request) {
  const bool ping = request.path == kPingPath;
  const bool ready = request.path == kReadyPath;
  if (request.admission == Admission::refused || (request.admission == Admission::ping_only && !ping && !ready))
    return over_limit();
  if (!ping && !ready && request.path != kMetricsPath) return text_answer(404, "Not found");
  if (!is_read(request)) return only_reads();
  if (ping) return ping_answer();
  return ready ? ready_answer(sources_.ready()) : metrics_answer(sources_.metrics());
}

void MetricsListener::refused(int status, std::string_view reason) {
  log_.debug("malformed request to metrics_address", {{"status", status}, {"reason", reason}});
}

void MetricsListener::lost(const Fault& fault) {
  log_.debug("connection to metrics_address closed", {{"reason", fault.message}});
}

void MetricsListener::crowded(Crowding crowding) {
  log_.debug("too many connections to metrics_address", {{"idle_closed", crowding == Crowding::closed_idle ? 1 : 0}});
}

}  // namespace sma
