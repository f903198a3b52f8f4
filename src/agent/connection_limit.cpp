#include "agent/connection_limit.h"

#include "agent/metrics/metrics_listener.h"
#include "http_server/server.h"

namespace sma {
namespace {

// For calls to AWS, name lookups, files, and the event loop itself.
constexpr std::size_t kOtherDescriptors = 64;

}  // namespace

std::size_t fitting_connections(const Settings& settings, std::size_t descriptors, Log& log) {
  const std::size_t max_conn = settings.max_conn;
  const std::size_t of_metrics = settings.metrics_address.empty() ? 0 : MetricsListener::kDescriptors;
  const std::size_t reserved = kOtherDescriptors + ServerLimits::kExtraConnections + of_metrics;
  const std::size_t room = descriptors > reserved ? descriptors - reserved : 1;
  if (max_conn <= room) return max_conn;
  log.warn("the limit of open files is too low for max_conn, which is lowered",
           {{"limit", descriptors}, {"max_conn", max_conn}, {"lowered_to", room}});
  return room;
}

}  // namespace sma
