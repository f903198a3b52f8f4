#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "agent/configuration/settings.h"
#include "base/environment.h"
#include "base/event.h"
#include "base/files.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "base/shared_bytes.h"
#include "base/task.h"
#include "os/child_process.h"
#include "os/event_loop.h"
#include "os/listening_socket.h"

namespace sma {

/// What an agent draws on; all must outlive it.
struct AgentParts {
  EventLoop& loop;
  const Environment& environment;
  const Files& files;
  ProcessRunner& processes;
  Random& random;
  Log& log;
};

/// What an agent needs to know.
struct AgentStart {
  Settings settings;
  bool as_version_3 = false;  ///< the names that the AWS agent's third version has
  SharedBytes token;          ///< what clients must show
  ListeningSocket listener;   ///< bound and listening: early clients wait in its backlog
};

/// The agent's life: finds region and credentials, checks them, serves until it is asked to stop, and ends in order
/// (specification §3.16, §5.6). Everything is wired together here and nowhere else.
class Agent {
 public:
  Agent(AgentParts parts, AgentStart start);
  ~Agent();

  /// Runs until `stop` is set and the clients are gone. Gives the exit code; 1 where the start failed, and then
  /// `problem` says why. Neither it nor `stop` may go away before the task.
  Task<int> run(Event& stop);

  /// Set once requests are answered.
  [[nodiscard]] Event& ready() { return ready_; }
  /// Set once it is known how the start went: ready, failed (`problem`), or asked to stop meanwhile.
  [[nodiscard]] Event& settled() { return settled_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// The process was frozen: idle connections to AWS may be dead. What has its own age needs no telling.
  void thaw();
  /// Stopping takes no longer than `time` (10 seconds and a last one for answers otherwise).
  void limit_stop(Nanoseconds time) { stop_time_ = std::min(stop_time_, time); }

 private:
  class Outgoing;
  class Serving;

  Task<void> start_up();
  Task<Result<Done>> prepare();
  Task<Result<std::string>> find_region(Result<std::string> configured, TimePoint deadline);
  Task<Result<Done>> check_credentials(TimePoint deadline);
  Task<void> pass_on(Event& from);
  Task<void> shut_down();

  AgentParts parts_;
  AgentStart start_;
  std::uint16_t port_;
  std::string problem_;
  Event ready_;
  Event settled_;
  Nanoseconds stop_time_ = Seconds{11};
  std::unique_ptr<Outgoing> outgoing_;
  std::unique_ptr<Serving> serving_;
  TaskSet tasks_;
};

}  // namespace sma
