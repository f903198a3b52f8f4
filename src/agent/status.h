#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/files/secret_files.h"
#include "aws/call_record.h"
#include "base/clock.h"
#include "base/shared_bytes.h"
#include "secrets/secret_store.h"

namespace sma {

/// Memory of the process that is in RAM, in bytes.
struct MemoryUse {
  std::uint64_t anonymous = 0;
  std::uint64_t file = 0;
  bool operator==(const MemoryUse&) const = default;
};

/// What the text of /proc/self/status says; 0 for what it does not say. Source: proc(5), `RssAnon`, `RssFile`.
[[nodiscard]] MemoryUse memory_use(std::string_view proc_status);

/// What a person may see of a running agent. Nothing in it is secret.
struct AgentStatus {
  Seconds uptime{0};
  std::string region;
  std::string secrets_manager_url;
  std::string sts_url;
  std::vector<std::string> addresses{};  ///< where clients reach the agent
  std::string credentials_source{};      ///< empty: there are none
  std::string identity{};                ///< an ARN; empty: not asked, or not known
  std::optional<Seconds> expires_in{};   ///< none: no credentials, or they do not expire
  std::vector<SecretStatus> secrets{};
  std::vector<FileStatus> files{};
  std::size_t connections = 0;
  std::size_t connection_limit = 0;
  CallCounts calls{};
  MemoryUse memory{};
};

/// The answer to `GET /status`. Source: specification §1.10.
[[nodiscard]] SharedBytes status_json(const AgentStatus& status);

}  // namespace sma
