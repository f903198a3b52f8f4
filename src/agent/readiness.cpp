#include "agent/readiness.h"

#include "base/growing_wait.h"

namespace sma {
namespace {

constexpr Seconds kLoadTime{60};
constexpr Seconds kFirstWait{2};
constexpr Seconds kLongestWait{30};

}  // namespace

bool Readiness::ask() {
  if (ready_) return true;
  if (!parts_.credentials.usable() && tasks_.size() == 0) tasks_.start(find_credentials());
  return ready_ = parts_.credentials.usable() && parts_.prefetch.tried_all() && parts_.files.all_written();
}

/// Nobody else may ask for them: without the check at start, that is done by the first request for a secret.
Task<void> Readiness::find_credentials() {
  GrowingWait growing(kFirstWait, kLongestWait);
  for (;;) {
    Task<Result<SharedCredentials>> getting = parts_.credentials.get(parts_.scheduler.now() + kLoadTime);
    const Result<SharedCredentials> got = co_await std::move(getting);
    if (got.ok()) co_return;
    const Scheduler::Sleep pause = parts_.scheduler.sleep_until(parts_.scheduler.now() + growing.next(parts_.random));
    co_await pause;
  }
}

}  // namespace sma
