#pragma once

#include <optional>
#include <string>

#include "agent/configuration/ssrf_token.h"
#include "agent/ssrf_guard.h"
#include "base/files.h"
#include "base/log.h"
#include "base/scheduler.h"
#include "os/file_watcher.h"

namespace sma {

/// Gives the guard the token of a file again as soon as the file changes: told so by the kernel, and, for what the
/// kernel does not tell (network file systems, links into other folders), by looking every 60 seconds, and when a
/// request carries a wrong token, at most once a second. A new token counts at once, and the old one no longer. A file
/// that is empty, cannot be read or is against the rule keeps the old one, with a warning.
class SsrfTokenFollower final : private Timer, private FileListener, private SsrfTokenSeeker {
 public:
  /// All must outlive this object, and the guard must not be asked after it is gone.
  SsrfTokenFollower(EventLoop& loop, Log& log, SsrfTokenFile file, const Files& files, SsrfGuard& guard);

 private:
  void run() override;
  void on_file_changed() override;
  bool seek_token() override;
  bool read_again();

  Scheduler& scheduler_;
  Log& log_;
  SsrfTokenFile file_;
  const Files& files_;
  SsrfGuard& guard_;
  std::optional<FileFacts> seen_;
  std::string fault_;  // of the last time; empty if there was none
  TimePoint next_seeking_ = TimePoint::min();
  FileWatcher watcher_;
};

}  // namespace sma
