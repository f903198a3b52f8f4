#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/log.h"
#include "base/scheduler.h"
#include "base/task.h"
#include "os/blocking_calls.h"
#include "os/event_loop.h"
#include "os/log_target.h"

namespace sma {

/// Gathers log lines and writes them once a turn of the loop. Never blocks the loop: a target that may block is written
/// by the thread for logs. Holds at most 256 KiB; what does not fit is dropped and counted in one line.
class LogWriter final : public LogSink, public Runnable {
 public:
  /// The thread may still be writing to `target` when this object is gone.
  LogWriter(EventLoop& loop, BlockingCalls& calls, std::shared_ptr<LogTarget> target);

  /// The form of the writer's own lines.
  void set_format(LogFormat format) { format_ = format; }

  void write(std::string_view line) override;
  [[nodiscard]] std::uint64_t dropped() const override { return dropped_; }
  /// Faults of the target are reported to `sink`, as lines at ERROR. It must outlive this object.
  void tell_faults_to(LogSink& sink) { faults_ = &sink; }
  /// Puts `line` before all that was not written yet.
  void write_first(std::string_view line) { lines_.insert(0, line); }
  /// At the end of a turn; cheap if there is nothing to write.
  void run() override {
    if (!lines_.empty() && !retry_.armed()) flush();
  }
  /// Writes what can be written now, or lets the thread begin with it.
  void flush();
  /// Bytes that are not written yet.
  [[nodiscard]] std::size_t pending() const { return in_flight_ + lines_.size(); }

 private:
  Task<void> write_on_thread(std::string portion);
  void keep_rest_of(std::string_view text, std::size_t done);
  void note_dropped_lines();
  void tell_fault();

  EventLoop& loop_;
  BlockingCalls& calls_;
  std::shared_ptr<LogTarget> target_;
  MemberTimer<&LogWriter::flush> retry_;  // for a target that takes nothing for now
  LogSink* faults_ = nullptr;
  std::string lines_;
  std::size_t in_flight_ = 0;  // bytes that the thread is writing
  std::uint64_t dropped_ = 0;  // lines, since the start
  std::uint64_t noted_ = 0;    // of these, those that the log has told of
  LogFormat format_ = LogFormat::text;
  Task<void> writing_;
};

/// For the end of the process: turns the loop until all is written, but at most half a second in which nothing is
/// taken.
void flush_at_end(EventLoop& loop, std::span<LogWriter* const> writers);

}  // namespace sma
