#pragma once

#include <memory>
#include <string>

#include "agent/configuration/ssrf_token.h"
#include "agent/ssrf_guard.h"
#include "base/files.h"
#include "base/log.h"
#include "base/scheduler.h"
#include "base/task.h"
#include "os/file_follower.h"

namespace sma {

/// Gives the guard the token of a file again as soon as the file changes (FileFollower), and when a request carries a
/// wrong token, at most once a second. A new token counts at once, and the old one no longer. A file that is empty,
/// cannot be read or is against the rule keeps the old one, with a warning.
class SsrfTokenFollower final : private FileListener, private SsrfTokenSeeker {
 public:
  /// All must outlive this object, and the guard must not be asked after it is gone.
  SsrfTokenFollower(EventLoop& loop, Log& log, SsrfTokenFile file, const Files& files, SsrfGuard& guard);

 private:
  struct Reading;

  void on_file_changed() override;
  std::shared_ptr<Event> seek_token() override;
  void begin_reading();
  Task<void> read(std::shared_ptr<Reading> reading);
  void take(Result<SsrfToken> token);

  Scheduler& scheduler_;
  Log& log_;
  SsrfTokenFile file_;
  const Files& files_;
  SsrfGuard& guard_;
  std::shared_ptr<Reading> reading_;  // under way
  bool read_again_ = false;
  std::string fault_;  // of the last time; empty if there was none
  TimePoint next_seeking_ = TimePoint::min();
  FileFollower follower_;
  TaskSet tasks_;
};

}  // namespace sma
