#pragma once

#include "base/log.h"
#include "base/result.h"
#include "base/scheduler.h"
#include "base/shared_bytes.h"
#include "base/task.h"
#include "secrets/cache.h"
#include "secrets/fetch_table.h"
#include "secrets/freshness.h"
#include "secrets/secret.h"
#include "secrets/secret_source.h"

namespace sma {

/// True where a cached version is still the one that the key asks for: only a versionId asked: that version still
/// exists; else: the version asked for, or the cached one, still carries the stage asked for, `AWSCURRENT` by default.
/// Source: specification §2.3.
[[nodiscard]] bool still_holds(const SecretKey& key, std::string_view cached_version_id,
                               const SecretVersions& versions);

/// What one fetch does: DescribeSecret where the cached version may still hold, else GetSecretValue; and what it leaves
/// in the cache.
class Refresh {
 public:
  Refresh(Scheduler& scheduler, SecretSource& source, Log& log, Cache& cache, Freshness freshness,
          bool ignore_transient_errors)
      : scheduler_(scheduler),
        source_(source),
        log_(log),
        cache_(cache),
        freshness_(freshness),
        ignore_transient_errors_(ignore_transient_errors) {}

  /// `fetch` must outlive the task.
  Task<Result<SharedBytes>> run(Fetch& fetch);

  /// An ordinary client's request met that fault: where the cached value may stand in, it does so for a while before
  /// AWS is asked again.
  void failed(const SecretKey& key, const Fault& fault);

  /// The cached value, where it may take the place of that fault; null where not.
  [[nodiscard]] CachedSecret* stand_in(const SecretKeyView& key, const Fault& fault);

 private:
  void describe_failed(const SecretKey& key, const Fault& fault);

  Scheduler& scheduler_;
  SecretSource& source_;
  Log& log_;
  Cache& cache_;
  Freshness freshness_;
  bool ignore_transient_errors_;
  bool denial_told_ = false;
};

}  // namespace sma
