#pragma once

#include <sys/resource.h>

#include <array>
#include <csignal>

namespace sma {

/// The state that this process changes and that a program started by exec gets back: the limit of core files, what
/// SIGPIPE does, and which standard descriptors were closed.
class StartState {
 public:
  /// Must be made first in the process.
  StartState();
  /// Restores it. The exec closes the descriptors.
  void restore() const;

 private:
  rlimit core_{};
  struct sigaction pipe_ {};
  std::array<bool, 3> closed_{};
};

}  // namespace sma
