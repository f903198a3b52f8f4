#pragma once

#include <sys/types.h>

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/file_descriptor.h"
#include "base/result.h"
#include "base/task.h"
#include "base/wiped_bytes.h"
#include "os/blocking_calls.h"
#include "os/event_loop.h"

namespace sma {

struct ProcessOutput {
  int exit_status = 0;  ///< 128 and the signal's number if a signal ended it
  WipedBytes output;    ///< what it wrote to its standard output
};

/// Runs programs: `ChildProcesses`, or a test.
class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;
  /// `argv[0]` is looked for in the `PATH` of this process; the program gets `environment`. Faults: it could not be
  /// started, wrote more than 64 KiB, or (504) was not done at `deadline`; in each case it and what it started are
  /// killed.
  virtual Task<Result<ProcessOutput>> run(std::vector<std::string> argv, Environment environment,
                                          TimePoint deadline) = 0;
};

/// Children of this process, each in a process group of its own, with signals as a new process expects them, no input
/// but the end of it, and our standard error. What they leave running once they are done is left alone. A task that is
/// destroyed kills its child. A program is started on a thread: a file system that hangs keeps posix_spawn waiting
/// until the program is executed.
///
/// Watches SIGCHLD, so it has to be made before the first thread is started. It also takes the exit status of children
/// that are not its own: orphans, if this is PID 1, or those of a shell that this program replaced.
class ChildProcesses final : public ProcessRunner {
 public:
  /// Both must outlive this object.
  ChildProcesses(EventLoop& loop, BlockingCalls& calls);
  ~ChildProcesses() override;

  Task<Result<ProcessOutput>> run(std::vector<std::string> argv, Environment environment, TimePoint deadline) override;

  /// Children that run, or whose end was not seen yet.
  [[nodiscard]] std::size_t size() const { return children_.size(); }

 private:
  class Child;
  class Holder;
  class Spawning;
  class Beginning;

  [[nodiscard]] Child& add(pid_t pid, FileDescriptor output);
  void forget(const Child& child);
  void on_signal();
  void reap();

  EventLoop& loop_;
  BlockingCalls& calls_;
  std::size_t beginning_ = 0;  // programs that are being started: their children are not known yet
  MemberWatcher<&ChildProcesses::on_signal> watching_{*this};
  MemberRunnable<&ChildProcesses::reap> reaping_{*this};
  FileDescriptor signal_;
  std::list<std::unique_ptr<Child>> children_;  // those not reaped yet, or still being read from
};

}  // namespace sma
