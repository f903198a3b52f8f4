#pragma once

#include <optional>

#include "base/log.h"
#include "base/memory_lock.h"
#include "base/scheduler.h"

namespace sma {

/// Warns once if memory could not be locked. That may happen on any thread, inside malloc, so it is looked for: when
/// the agent serves, then once a minute, because memory grows.
class MemoryLockLog final {
 public:
  using Ask = std::optional<UnlockedMemory> (*)();
  MemoryLockLog(Scheduler& scheduler, Log& log, Ask ask = unlocked_memory)
      : scheduler_(scheduler), log_(log), ask_(ask) {}

  void look();

 private:
  Scheduler& scheduler_;
  Log& log_;
  const Ask ask_;
  MemberTimer<&MemoryLockLog::look> next_look_{scheduler_, *this};
};

}  // namespace sma
