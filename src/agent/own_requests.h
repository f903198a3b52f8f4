#pragma once

#include <string_view>

#include "base/shared_bytes.h"
#include "http_server/handler.h"

namespace sma {

// The requests about the agent itself, and their answers. The method is GET or HEAD: the server leaves out the body.
inline constexpr std::string_view kPingPath = "/ping";
inline constexpr std::string_view kReadyPath = "/ready";
inline constexpr std::string_view kStatusPath = "/status";
inline constexpr std::string_view kMetricsPath = "/metrics";

/// False if a request for a secret may have `path`: the agent's own requests yield to `path_prefix`.
[[nodiscard]] constexpr bool is_path_served(std::string_view path, std::string_view path_prefix) {
  return !path.starts_with(path_prefix);
}

[[nodiscard]] bool is_read(const ServerRequest& request);

/// `literal` as plain text.
[[nodiscard]] ServerResponse text_answer(int status, std::string_view literal);
/// To a method that is not allowed. `allow`: a literal, the field line of those that are.
[[nodiscard]] ServerResponse not_allowed(std::string_view allow);
/// The same for a request about the agent.
[[nodiscard]] ServerResponse only_reads();
[[nodiscard]] ServerResponse over_limit();
[[nodiscard]] ServerResponse ping_answer();
[[nodiscard]] ServerResponse ready_answer(bool ready);
/// `text`: see `metrics_text`.
[[nodiscard]] ServerResponse metrics_answer(SharedBytes text);

}  // namespace sma
