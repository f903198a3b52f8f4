#pragma once

#include <optional>
#include <string>

#include "agent/agent.h"
#include "agent/lambda/lambda_extension.h"
#include "base/event.h"
#include "base/log.h"
#include "base/result.h"
#include "base/task.h"

namespace sma {

/// Makes an agent: reads the token, listens, and so on.
class AgentMaker {
 public:
  /// To be called once. The maker keeps and owns the agent.
  [[nodiscard]] virtual Result<Agent*> make_agent() = 0;

 protected:
  ~AgentMaker() = default;
};

/// The agent's life as an extension of AWS Lambda (specification §6): registers, starts the agent, tells Lambda when
/// that is ready, makes it drop old connections after a freeze, and stops it within the time that Lambda leaves.
///
/// With SnapStart the whole memory goes into a snapshot, from which many environments are started. In that case the
/// agent is made at the first invocation, which comes after the snapshot.
class LambdaAgent {
 public:
  /// All must outlive this object.
  LambdaAgent(EventLoop& loop, LambdaExtension& extension, AgentMaker& maker, Log& log, bool snap_start);
  ~LambdaAgent();

  /// Runs until Lambda shuts the environment down, or `stop` is set. A fault says what failed. Neither this object nor
  /// `stop` may go away before the task.
  Task<Result<Done>> run(Event& stop);

 private:
  Task<void> live();
  Task<Result<Done>> start();
  Task<Result<Done>> follow_events();
  Task<void> report(std::string error_type, Fault fault);
  [[nodiscard]] Fault logged(Fault fault);

  EventLoop& loop_;
  LambdaExtension& extension_;
  AgentMaker& maker_;
  Log& log_;
  const bool snap_start_;
  Agent* agent_ = nullptr;  // if one has been made that has not failed to start
  Nanoseconds stop_time_ = Agent::kStopTime;
  Event ended_;  // Lambda needs the agent no more, or something failed
  std::optional<Fault> fault_;
  TaskSet tasks_;
};

}  // namespace sma
