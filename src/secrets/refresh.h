#pragma once

#include <cstdint>

#include "base/log.h"
#include "base/result.h"
#include "base/scheduler.h"
#include "base/shared_bytes.h"
#include "base/task.h"
#include "secrets/cache.h"
#include "secrets/fetch.h"
#include "secrets/freshness.h"
#include "secrets/secret.h"
#include "secrets/secret_source.h"
#include "secrets/usage_summary.h"

namespace sma {

/// True if a cached version is still the one that the key asks for. If the key has a versionId only: if that version
/// still exists. Otherwise: if the version asked for, or the cached one, still has the stage asked for, `AWSCURRENT` by
/// default. Never if the secret is marked for deletion. Source: specification §2.3.
[[nodiscard]] bool still_holds(const SecretKey& key, std::string_view cached_version_id,
                               const SecretVersions& versions);

struct RefreshRules {
  const Freshness& freshness;
  bool ignore_transient_errors = true;  ///< a cached value takes the place of a transient fault
};

/// What one fetch does: DescribeSecret if the cached version may still be the right one and was fetched within the last
/// hour, else GetSecretValue; and what it leaves in the cache.
class Refresh final : public Fetcher {
 public:
  struct Parts {
    Scheduler& scheduler;
    SecretSource& source;
    Log& log;
    Cache& cache;
    UsageSummary& usage;
  };
  Refresh(const Parts& parts, RefreshRules rules)
      : scheduler_(parts.scheduler),
        source_(parts.source),
        log_(parts.log),
        cache_(parts.cache),
        usage_(parts.usage),
        rules_(rules) {}

  Task<Result<SharedBytes>> run(Fetch& fetch) override;

  /// If the cached value may take the place of the fault, it does so for a while before AWS is asked again, unless the
  /// fetch was outdated.
  void failed(const SecretKey& key, const Fault& fault, bool outdated) override;

  /// What the cache keeps of a value that was asked for at `as_of`.
  [[nodiscard]] CachedSecret to_cache(SecretValue value, TimePoint as_of) const;

  /// How many fetches AWS has refused for good, since the start.
  [[nodiscard]] std::uint64_t refusals() const { return refusals_; }

  /// The cached value, if it may take the place of that fault; null if not.
  [[nodiscard]] CachedSecret* stand_in(const SecretKeyView& key, const Fault& fault);

 private:
  [[nodiscard]] bool may_be_described(const CachedSecret& cached) const {
    return !cached.arn.empty() && Freshness::may_be_described(cached.fetched, scheduler_.now());
  }
  /// Counts a call that has ended. One without credentials was never made.
  void count_call(const Fetch& fetch);
  void still_good(CachedSecret& held, TimePoint as_of);
  void describe_failed(const SecretKey& key, const Fault& fault);
  /// The fault with which a fetch ends. Removes from the cache what AWS has revoked with it.
  Fault ended_by(const SecretKey& key, Fault fault);

  Scheduler& scheduler_;
  SecretSource& source_;
  Log& log_;
  Cache& cache_;
  UsageSummary& usage_;
  RefreshRules rules_;
  bool denial_logged_ = false;
  std::uint64_t refusals_ = 0;
};

}  // namespace sma
