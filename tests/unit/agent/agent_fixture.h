#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "agent/agent.h"
#include "base/environment.h"
#include "base/files.h"
#include "os/child_process.h"
#include "os/event_loop.h"
#include "tests/standin/standin.h"
#include "tests/unit/base/log_lines.h"
#include "tests/unit/os/manual_clocks.h"

namespace sma {

/// A client of the agent whose socket never blocks: the agent runs on the same thread.
class AgentClient {
 public:
  AgentClient(std::uint16_t port, const std::string& request);
  /// Reads what has come; true once the answer is whole or the connection ended.
  bool done();
  [[nodiscard]] int status();
  [[nodiscard]] std::string body();
  /// Until the connection is gone, everything the agent sent.
  [[nodiscard]] bool closed() const { return closed_; }

 private:
  FileDescriptor socket_;
  std::string received_;
  bool closed_ = false;
};

/// The whole agent in process, against the stand-in, on a clock that only the test moves. Waiting for the other thread
/// (the stand-in's) is real; time, for the agent, is not.
class AgentFixture {
 public:
  /// `{aws}` in a value stands for the stand-in's URL.
  explicit AgentFixture(std::map<std::string, std::string> more_variables = {});
  ~AgentFixture();

  Settings settings;
  standin::Standin aws;
  ManualClocks clocks;
  LogLines lines;

  /// Starts the agent and runs it until it is ready or has failed.
  void start();
  /// The same without waiting.
  void begin();
  /// Turns the loop until `reached`; fails the test after ten seconds of real time.
  void run_until(const std::function<bool()>& reached);
  /// Moves time on, and lets the agent do what is due.
  void advance(Nanoseconds time);

  std::unique_ptr<AgentClient> get(const std::string& secret_id, const std::string& more = "");
  /// Asks and waits for the answer.
  std::unique_ptr<AgentClient> answer(const std::string& secret_id, const std::string& more = "");
  void wait_for(AgentClient& client);
  /// Turns until AWS has seen that many.
  void wait_for_calls(const std::string& operation, std::size_t count);

  void stop() { stop_->set(); }
  /// What the process does last.
  void end_agent() { agent_.reset(); }
  [[nodiscard]] Agent& agent() { return *agent_; }
  /// None while the agent runs.
  [[nodiscard]] std::optional<int> exit_code();
  /// Why the agent ended; empty if it runs, or if all went well.
  [[nodiscard]] std::string problem();
  [[nodiscard]] TimePoint now() { return loop_.now(); }

 protected:
  /// Listens and makes the agent, which does nothing yet.
  void make();

  EventLoop loop_{clocks};
  Environment environment_;
  SystemFiles files_;
  BlockingCalls blocking_calls_{loop_};
  ChildProcesses processes_{loop_, blocking_calls_};
  ServiceManager service_manager_{environment_};
  Log log_{&lines, LogLevel::debug};
  std::unique_ptr<Event> stop_;
  std::unique_ptr<Agent> agent_;
  std::optional<Task<Result<Done>>> running_;
  std::optional<Result<Done>> ended_;
};

}  // namespace sma
