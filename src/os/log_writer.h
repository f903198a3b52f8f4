#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/fault.h"
#include "base/file_descriptor.h"
#include "base/log.h"
#include "base/scheduler.h"

namespace sma {

/// Gathers log lines and writes them once a turn of the loop, to a file that it rotates or to a descriptor it was
/// given. Never blocks on a pipe: writes only as much as poll(2) says it takes (its flags are shared with others, so
/// O_NONBLOCK is no way). Holds at most 256 KiB; what does not fit is dropped and counted in one line. If the file
/// was moved away or removed, a new one is begun within a second.
class LogWriter final : public LogSink, public Runnable {
 public:
  /// Writes to `descriptor`, which stays open and its owner's.
  LogWriter(Scheduler& scheduler, int descriptor);
  /// Writes to `folder`/`name`.log, a new file at 10 MB; four old ones stay in `folder`/archive. If it
  /// cannot be written, `fault` says why, and lines go to standard error.
  LogWriter(Scheduler& scheduler, std::string folder, std::string name);

  /// Why the file cannot be written; none if it can.
  [[nodiscard]] const std::optional<Fault>& fault() const { return fault_; }

  void write(std::string_view line) override;
  /// At the end of a turn; cheap if there is nothing to write.
  void run() override {
    if (!lines_.empty() && !retry_.armed()) flush();
  }
  /// Writes what can be written now.
  void flush();
  /// For the end of the process: waits for a slow reader, but at most half a second during which it takes nothing.
  void flush_at_end();

 private:
  [[nodiscard]] std::string path(int generation) const;
  void open_file();
  void follow_path();
  void rotate();
  [[nodiscard]] std::size_t next_portion(std::size_t written) const;
  void note_dropped_lines();
  [[nodiscard]] bool writable_now() const;

  Scheduler& scheduler_;
  MemberTimer<&LogWriter::flush> retry_;  // for a reader that takes nothing for now
  std::string folder_;
  std::string name_;
  std::optional<Fault> fault_;
  FileDescriptor file_;
  int descriptor_ = -1;
  bool regular_ = false;
  std::size_t file_size_ = 0;
  TimePoint followed_at_{};
  std::string lines_;
  std::size_t dropped_ = 0;
};

}  // namespace sma
