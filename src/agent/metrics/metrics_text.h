#pragma once

#include "agent/metrics/agent_metrics.h"
#include "base/shared_bytes.h"

namespace sma {

/// The answer to `GET /metrics`: the text format of Prometheus, 0.0.4. What is not known has no sample. Source:
/// Prometheus, "Exposition formats"; specification §1.13.
[[nodiscard]] SharedBytes metrics_text(const AgentMetrics& metrics);

}  // namespace sma
