#include "agent/connection_limit.h"

#include "http_server/server.h"

namespace sma {
namespace {

// For calls to AWS, name lookups, files, and the event loop itself.
constexpr std::size_t kOtherDescriptors = 64;

}  // namespace

std::size_t fitting_connections(std::size_t max_conn, std::size_t descriptors, Log& log) {
  constexpr std::size_t kReserved = kOtherDescriptors + ServerLimits::kExtraConnections;
  const std::size_t room = descriptors > kReserved ? descriptors - kReserved : 1;
  if (max_conn <= room) return max_conn;
  log.warn("the limit of open files is too low for max_conn, which is lowered",
           {{"limit", descriptors}, {"max_conn", max_conn}, {"lowered_to", room}});
  return room;
}

}  // namespace sma
