#pragma once

#include "agent/files/secret_files.h"
#include "aws/credentials/cached_credentials.h"
#include "base/random.h"
#include "base/scheduler.h"
#include "base/task.h"
#include "secrets/prefetch.h"

namespace sma {

/// Whether what depends on the agent may start: credentials are held and have not expired, each entry of prefetch
/// was loaded, refused or tried once, and each file was written once. It is a gate at the start: once open, it stays
/// open, so that a fault that comes later ends no application that runs. Source: specification §1.11.
class Readiness {
 public:
  struct Parts {
    Scheduler& scheduler;
    Random& random;
    CachedCredentials& credentials;
    const Prefetch& prefetch;
    const SecretFiles& files;
  };
  /// All of `parts` must outlive this object.
  explicit Readiness(const Parts& parts) : parts_(parts), tasks_(parts.scheduler) {}

  /// If credentials were never asked for, that begins now.
  [[nodiscard]] bool ask();

 private:
  Task<void> find_credentials();

  Parts parts_;
  bool ready_ = false;
  TaskSet tasks_;
};

}  // namespace sma
