#pragma once

#include "base/task.h"
#include "os/event_loop.h"

namespace sma {

/// Turns the loop until the task has ended. Returns what the task did.
template <typename T>
T run_to_its_end(EventLoop& loop, Task<T> task) {
  MemberRunnable<&EventLoop::stop> stop_loop(loop);
  task.start(loop, &stop_loop);
  loop.run();
  return task.take();
}

}  // namespace sma
