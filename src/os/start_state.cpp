#include "os/start_state.h"

#include <fcntl.h>

#include <cstddef>

namespace sma {

StartState::StartState() {
  getrlimit(RLIMIT_CORE, &core_);
  sigaction(SIGPIPE, nullptr, &pipe_);
  for (std::size_t i = 0; i < closed_.size(); ++i) closed_[i] = fcntl(static_cast<int>(i), F_GETFD) < 0;
}

void StartState::restore() const {
  setrlimit(RLIMIT_CORE, &core_);
  sigaction(SIGPIPE, &pipe_, nullptr);
  for (std::size_t i = 0; i < closed_.size(); ++i)
    if (closed_[i]) fcntl(static_cast<int>(i), F_SETFD, FD_CLOEXEC);
}

}  // namespace sma
