#include "agent/memory_lock_log.h"

namespace sma {

void MemoryLockLog::look() {
  const auto unlocked = ask_();
  if (!unlocked) return next_look_.arm(scheduler_.now() + Seconds(60));
  log_.warn("memory for secrets could not be locked and may be swapped out: raise RLIMIT_MEMLOCK (ulimit -l)",
            {{"reason", unlocked->reason}, {"limit_bytes", unlocked->limit}, {"needed_bytes", unlocked->needed}});
}

}  // namespace sma
