#pragma once

#include "base/event.h"
#include "base/file_descriptor.h"
#include "os/event_loop.h"

namespace sma {

/// SIGTERM and SIGINT as an event of the loop; the second one ends the process at once. SIGPIPE, SIGTTOU and SIGXFSZ
/// are ignored, and so is SIGHUP if the program was started with it ignored (nohup). For PID 1 these signals would have
/// no effect by default; they arrive through the descriptor.
class Signals final : private Watcher {
 public:
  explicit Signals(EventLoop& loop);
  ~Signals();

  /// Set by the first SIGTERM or SIGINT.
  [[nodiscard]] Event& stop_asked() { return stop_asked_; }
  /// Posted when the process resumes after it was stopped (SIGCONT); must outlive this object.
  void on_continued(Runnable& runnable) { continued_ = &runnable; }

  /// Posted at SIGHUP; must outlive this object.
  void on_hangup(Runnable& runnable) { hangup_ = &runnable; }

  /// Once, before any thread is started: the signals above are held back for the descriptor.
  static void block();

 private:
  void on_events(std::uint32_t events) override;
  void arrived(int signal);

  EventLoop& loop_;
  FileDescriptor descriptor_;
  Event stop_asked_;
  Runnable* continued_ = nullptr;
  Runnable* hangup_ = nullptr;
};

}  // namespace sma
