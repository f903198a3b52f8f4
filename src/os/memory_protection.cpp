#include "os/memory_protection.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/memory_lock.h"

namespace sma {

void protect_memory() {
  prctl(PR_SET_DUMPABLE, 0);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  lock_environment();
}

}  // namespace sma
