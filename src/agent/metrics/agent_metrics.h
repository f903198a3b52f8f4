#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "agent/routes.h"
#include "agent/ssrf_guard.h"
#include "aws/aws_context.h"
#include "aws/call_record.h"
#include "base/clock.h"
#include "http_server/server.h"
#include "os/process_usage.h"
#include "secrets/cache.h"
#include "secrets/secret_store.h"

namespace sma {

/// What the metrics tell, at one moment. The references are to the numbers of the parts that count.
struct AgentMetrics {
  const ServerCounts& server;
  std::size_t connections;
  std::size_t connection_limit;
  const GuardCounts& guard;
  const RouteCounts& routes;

  const SecretCounts& secrets;
  const Cache& cache;
  std::uint64_t refusals;

  std::uint64_t files_written;
  std::size_t files_stale;

  const CallRecord& calls;
  std::size_t calls_waiting;
  const CredentialLoads& loads;
  std::optional<WallTime> credentials_expiry;  ///< none: there are none, or they do not expire

  bool ready;
  std::uint64_t log_lines_dropped;
  ProcessUsage process;
  std::optional<WallTime> process_start;
};

}  // namespace sma
