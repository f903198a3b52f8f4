#pragma once

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
  /// Once. The agent stays the maker's; a fault says why there is none.
  [[nodiscard]] virtual Result<Agent*> make_agent() = 0;

 protected:
  ~AgentMaker() = default;
};

/// The agent's life as an extension of AWS Lambda (specification §6): registers, starts the agent, tells Lambda when
/// that is ready, has it let go of old connections after a freeze, and stops it in the time that Lambda leaves.
///
/// With SnapStart all that is in memory goes into a snapshot, from which many environments are started. There the agent
/// is not even made before the first invocation, which comes after the snapshot.
class LambdaAgent {
 public:
  /// All must outlive this object.
  LambdaAgent(EventLoop& loop, LambdaExtension& extension, AgentMaker& maker, Log& log, bool snap_start);
  ~LambdaAgent();

  /// Runs until Lambda says so, or `stop` is set. Gives the exit code; 1 where something failed, and then `problem`
  /// says what. Neither it nor `stop` may go away before the task.
  Task<int> run(Event& stop);

  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  Task<void> pass_on(Event& stop);
  Task<void> live();
  Task<Result<Done>> start();
  Task<void> run_agent();
  Task<Result<Done>> follow_events();
  Task<void> fail(std::string error_type, Fault fault);

  EventLoop& loop_;
  LambdaExtension& extension_;
  AgentMaker& maker_;
  Log& log_;
  const bool snap_start_;
  Agent* agent_ = nullptr;
  Event stop_;  // the agent's
  Event ended_;
  std::string problem_;
  TaskSet tasks_;
};

}  // namespace sma
