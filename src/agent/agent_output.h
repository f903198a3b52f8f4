#pragma once

#include <optional>
#include <string_view>

#include "agent/configuration/settings.h"
#include "base/fault.h"
#include "os/blocking_calls.h"
#include "os/event_loop.h"
#include "os/log_writer.h"

namespace sma {

/// The folder of the log files, in the working directory.
inline constexpr const char* kLogFolder = "logs";
/// The name of the log file of AWS's agent of that version.
[[nodiscard]] inline const char* log_file_name(bool as_version_3) {
  return as_version_3 ? "secrets_manager_provider" : "secrets_manager_agent";
}

/// All that the running agent writes: the start line, the log, and at the end what went wrong. None of it blocks the
/// loop. Must be made before the sandbox.
class AgentOutput final : public Runnable {
 public:
  /// The log goes to the file `log_file_name`, or to standard output. If the file cannot be opened, it goes to standard
  /// error.
  AgentOutput(EventLoop& loop, BlockingCalls& calls, const Settings& settings, bool as_version_3);

  [[nodiscard]] LogWriter& log() { return *log_; }
  /// Standard error, if the log does not go there; else null.
  [[nodiscard]] LogWriter* errors() { return log_ == &errors_ ? nullptr : &errors_; }
  /// Why there is no log file; none if there is one, or if the log goes to standard output.
  [[nodiscard]] const std::optional<Fault>& fault() const { return fault_; }

  /// Writes the first line of standard output, and logs it. A log that goes there is written from now on. JSON logs
  /// have the line once: two equal objects would be counted as two starts.
  void announce(std::string_view line, Log& log);
  /// Says on standard error why the agent ends. Returns the exit code.
  int report(const Fault& fault);

  /// At the end of a turn.
  void run() override;
  /// For the end of the process.
  void flush_at_end();

 private:
  EventLoop& loop_;
  LogFormat format_;
  LogWriter output_;
  LogWriter errors_;
  std::optional<LogWriter> file_;
  std::optional<Fault> fault_;
  LogWriter* log_ = &output_;
};

}  // namespace sma
