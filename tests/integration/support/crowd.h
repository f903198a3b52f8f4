#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/integration/support/agent_process.h"

namespace sma::integration {

/// Many clients of one agent, each with a connection of its own that the agent has accepted.
class Crowd {
 public:
  /// Connects and has each answered a ping, so that none waits in the backlog.
  Crowd(AgentProcess& agent, std::size_t size);

  /// All send the same request at once. When this returns the agent has read every one: its loop reaches each ready
  /// socket before it comes to a later ping's a second time.
  void send_all(const std::string& request);
  /// One answer for each.
  [[nodiscard]] std::vector<Answer> read_all();
  [[nodiscard]] std::vector<HttpConnection>& clients() { return clients_; }

 private:
  std::vector<HttpConnection> clients_;
  HttpConnection last_;
};

}  // namespace sma::integration
