#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "agent/configuration/settings.h"
#include "base/environment.h"
#include "base/files.h"

namespace sma {

/// The agent that answers: its settings, and where its token comes from. All must outlive the call.
struct AgentAccess {
  const Settings& settings;
  const Environment& environment;
  const Files& files;
  std::optional<uid_t> agent_user{};  ///< of the socket's agent, beside the usual ones
};

/// Where the running agent is reached: by its Unix socket if there is one, else by its port on 127.0.0.1.
struct AgentAddress {
  std::uint16_t port = 0;
  std::string socket{};
  std::optional<uid_t> agent_user{};

  explicit AgentAddress(std::uint16_t on_port) : port(on_port) {}
  explicit AgentAddress(const AgentAccess& access)
      : port(access.settings.http_port), socket(access.settings.unix_socket), agent_user(access.agent_user) {}

  /// `127.0.0.1:2773` or `unix:/run/agent.sock`
  [[nodiscard]] std::string text() const;
  /// Why it cannot be reached at all; none if it can.
  [[nodiscard]] std::optional<std::string> problem() const;
};

/// Why a client must not trust the program that listens on the socket at `path`, if that runs as `user`. Trusted are
/// root, the client's own user, the image's user (65532), the owner of the socket's folder and `agent_user`. A user of
/// another user namespace, whom the kernel shows as 65534, is never trusted: it could be anybody.
[[nodiscard]] std::optional<std::string> why_not_trusted(uid_t user, const std::string& path,
                                                         std::optional<uid_t> agent_user);

}  // namespace sma
