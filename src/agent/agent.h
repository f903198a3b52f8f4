#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/agent_parts.h"
#include "agent/configuration/settings.h"
#include "agent/configuration/ssrf_token.h"
#include "agent/files/file_setup.h"
#include "base/event.h"
#include "base/result.h"
#include "base/shared_bytes.h"
#include "base/task.h"
#include "os/listening_socket.h"
#include "os/unix_listener.h"

namespace sma {

struct AwsCalls;

/// What an agent is started with.
struct AgentStart {
  Settings settings;
  bool as_version_3 = false;   ///< the names that the AWS agent's third version has
  SharedBytes token;           ///< every request over TCP must carry it
  SsrfTokenFile token_file{};  ///< read again when it changes
  ListeningSockets listening;  ///< early clients wait in the backlogs
  UnixListener local{};        ///< its socket is not valid if there is none
  std::vector<PlannedFile> files{};
  ListeningSocket metrics{};  ///< of `metrics_address`; likewise
};

/// The agent's life: finds region and credentials, checks them, serves until it is asked to stop, and ends in order
/// (specification §3.16, §5.6). Everything is wired together here and nowhere else.
class Agent {
 public:
  Agent(AgentParts parts, AgentStart start);
  ~Agent();

  /// Starts, serves until `stop` is set, and shuts down. A fault says why the start failed. Neither this object nor
  /// `stop` may go away before the task.
  Task<Result<Done>> run(Event& stop);

  /// The two parts of `run`. `shut_down` may be called while `start` is still under way, which then starts nothing
  /// more.
  Task<Result<Done>> start();
  /// Takes no longer than `time`. The default is 10 seconds for requests in hand, and one more for the answers to
  /// requests whose fetch was dropped.
  static constexpr Seconds kStopTime{11};
  Task<void> shut_down(Nanoseconds time = kStopTime);

  /// Set when requests are answered.
  [[nodiscard]] Event& ready() { return ready_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Where clients reach it, see `client_addresses`.
  [[nodiscard]] const std::vector<std::string>& addresses() const { return addresses_; }

  /// The process resumed after it was frozen: closes idle connections to AWS, because they may be dead. Secrets and
  /// credentials have their own age and need no such call.
  void drop_idle_connections();

  /// Every cached secret counts as expired from now on, and those of files are asked for; a line in the log says how
  /// many there are.
  void expire_secrets();

 private:
  class Serving;

  Task<void> start_up(Event& failed, std::optional<Fault>& fault);
  Task<Result<Done>> prepare();
  void serve();
  /// If `path_prefix` takes the path, a line in the log says so.
  [[nodiscard]] bool serves(std::string_view path) const;
  Task<Result<Done>> check_credentials(TimePoint deadline);
  [[nodiscard]] SharedBytes status() const;
  [[nodiscard]] SharedBytes metrics() const;

  AgentParts parts_;
  AgentStart start_;
  std::uint16_t port_;
  std::vector<std::string> addresses_;
  Event ready_;
  bool stopping_ = false;
  TimePoint begun_;
  std::optional<WallTime> process_start_;
  std::string region_{};
  std::string identity_{};  // as STS said at the start; empty if it was not asked
  std::unique_ptr<AwsCalls> calls_;
  std::unique_ptr<Serving> serving_;
  TaskSet tasks_;
};

}  // namespace sma
