#include "os/memory_protection.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/memory_lock.h"

namespace sma {

void protect_memory() {
  prctl(PR_SET_DUMPABLE, 0);
  rlimit core{};
  getrlimit(RLIMIT_CORE, &core);
  core.rlim_cur = 0;
  setrlimit(RLIMIT_CORE, &core);
  lock_environment();
}

void forbid_core_files() {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
}

}  // namespace sma
