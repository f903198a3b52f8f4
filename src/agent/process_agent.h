#pragma once

#include <optional>
#include <string>

#include "agent/agent.h"
#include "agent/agent_output.h"
#include "agent/client_access.h"
#include "agent/configuration/command_line.h"
#include "agent/lambda/lambda_agent.h"
#include "agent/memory_lock_log.h"
#include "base/task.h"

namespace sma {

/// The one agent of this process: puts the process into its sandbox, makes the agent, and prints the start line when
/// the agent is ready.
class ProcessAgent final : public AgentMaker {
 public:
  /// `access`: none if token and port are to be opened no earlier than in `make_agent`. All references must outlive
  /// this object.
  ProcessAgent(const CommandLine& command_line, Settings settings, AgentParts parts, AgentOutput& output,
               std::optional<Result<ClientAccess>> access);

  Result<Agent*> make_agent() override;

  /// To be called when the process resumes after it was stopped.
  void resumed() {
    if (agent_) agent_->drop_idle_connections();
  }
  /// To be called at SIGHUP.
  void expire_secrets() {
    if (agent_) agent_->expire_secrets();
  }

 private:
  Task<void> announce(std::string line);

  const CommandLine& command_line_;
  Settings settings_;
  AgentParts parts_;
  AgentOutput& output_;
  MemoryLockLog memory_lock_log_{parts_.loop, parts_.log};
  std::optional<Result<ClientAccess>> access_;
  std::optional<Agent> agent_;
  Task<void> announcing_;
};

}  // namespace sma
