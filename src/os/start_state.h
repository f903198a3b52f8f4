#pragma once

#include <sys/resource.h>

#include <array>
#include <csignal>

namespace sma {

/// What this process changes of what it was started with, for a program that takes its place by exec: the limit of core
/// files, what SIGPIPE does, and which standard descriptors were closed.
class StartState {
 public:
  /// The first thing in the process.
  StartState();
  /// Puts all back. The descriptors are closed by the exec.
  void restore() const;

 private:
  rlimit core_{};
  struct sigaction pipe_ {};
  std::array<bool, 3> closed_{};
};

}  // namespace sma
