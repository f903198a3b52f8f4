#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/duration_histogram.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "base/scheduler.h"
#include "base/shared_bytes.h"
#include "base/task.h"
#include "secrets/cache.h"
#include "secrets/fetch_table.h"
#include "secrets/freshness.h"
#include "secrets/refresh.h"
#include "secrets/secret.h"
#include "secrets/secret_source.h"
#include "secrets/usage_summary.h"

namespace sma {

struct SecretStoreSettings {
  Seconds ttl{300};                                 ///< 0: nothing is cached
  std::size_t cache_size = 1000;                    ///< entries a role; 0: nothing is cached
  std::size_t cache_bytes = std::size_t{64} << 20;  ///< over all roles
  bool ignore_transient_errors = true;
  Seconds max_stale{0};  ///< how long past its TTL a value may take the place of such an error; 0: without limit
};

/// What a person may see of a cached secret.
struct SecretStatus {
  std::string id;
  std::string role_arn{};
  std::string version_id{};
  Seconds age{0};
  Seconds fresh_for{0};  ///< 0: it has expired
  std::uint64_t uses = 0;
  std::string last_error{};  ///< see CachedSecret
};

/// What became of the requests for secrets, since the start.
struct SecretCounts {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t stale = 0;   ///< see SecretAnswer
  std::uint64_t errors = 0;  ///< answered with a fault
  DurationHistogram miss_durations{};
  std::uint64_t refreshes_ahead = 0;  ///< fetches that began before the entry expired
};

/// What the agent asks for secrets: the cache in front of AWS, with the rules of specification §2.
///
///     if (auto answer = store.fresh(key)) ...                     // at once
///     else ... co_await store.get(key.copy(), refresh_now, deadline)
///
/// Outlives the tasks of `get`; these may be destroyed at any time.
class SecretStore {
 public:
  SecretStore(Scheduler& scheduler, SecretSource& source, Random& random, Log& log, SecretStoreSettings settings);

  /// The answer at hand, if it may be served without asking AWS. Counts as a use; allocates and copies nothing, but for
  /// the one use in a TTL that starts a fetch ahead of time.
  [[nodiscard]] std::optional<SecretAnswer> fresh(const SecretKeyView& key);

  /// The answer at hand or from AWS, joining a fetch that is under way if the rules allow. Faults: the source's own;
  /// 504 `TimeoutError` at `client_deadline`; 503 `Busy` beyond 1024 fetches; 503 `ServiceUnavailable` once
  /// `cancel_all` was called.
  Task<Result<SecretAnswer>> get(SecretKey key, bool refresh_now, TimePoint client_deadline);

  /// What is cached of this key is not evicted from now on.
  void watch(SecretKey key) { cache_.watch(std::move(key)); }
  /// Asks AWS, fresh or not, as a request does that finds an expired secret; joins a fetch that serves it. Counts as no
  /// use. Faults: as `get`'s; a transient one does not change what is cached.
  Task<Result<SharedBytes>> renew(SecretKey key);

  /// For prefetch: true if the key is neither cached nor being fetched.
  [[nodiscard]] bool lacks(const SecretKeyView& key) const { return !cache_.holds(key) && !fetches_.holds(key); }
  /// For prefetch: how many more entries the role may take, filled to `ratio` (0 to 1); none if caching is off.
  [[nodiscard]] std::size_t room(std::string_view role_arn, double ratio) const;
  /// For prefetch: keeps a value, asked for at `as_of`, under `ids`. False if one of them is cached or being fetched
  /// already, or if there is no room.
  bool prefetched(std::vector<std::string> ids, std::string_view role_arn, SecretValue value, TimePoint as_of,
                  double ratio);

  /// Every entry counts as expired from now on, and a fetch that was sent before does not make it fresh. Returns how
  /// many entries there are.
  std::size_t expire_all();

  /// For the end of the agent: drops all fetches. Clients that wait are answered 503, and nothing is fetched any more.
  /// Not to be called from inside a task of the source.
  void cancel_all();
  /// Forgets every secret; what no unsent answer holds is wiped.
  void wipe() { cache_.clear(); }

  /// The cached secrets by role and id, without their values. Counts as no use.
  [[nodiscard]] std::vector<SecretStatus> status() const;

  [[nodiscard]] const SecretCounts& counts() const { return counts_; }
  [[nodiscard]] const Cache& cache() const { return cache_; }
  /// How many fetches AWS has refused for good, since the start.
  [[nodiscard]] std::uint64_t refusals() const { return refresh_.refusals(); }

  /// What each secret's clients got; `flush` it at the end.
  [[nodiscard]] UsageSummary& usage() { return usage_; }

 private:
  void renew_ahead(const SecretKeyView& key, CachedSecret& cached);
  SecretAnswer from_memory(CachedSecret& cached, std::string_view secret_id, TimePoint now);
  Result<SecretAnswer> too_late(Fetch& fetch, const SecretKey& key, bool refresh_now);
  Result<SecretAnswer> failed(Fault fault, const SecretKey& key, bool refresh_now);

  Scheduler& scheduler_;
  Log& log_;
  Freshness freshness_;
  Cache cache_;
  UsageSummary usage_;
  Refresh refresh_;
  FetchTable fetches_;
  bool caching_;
  SecretCounts counts_{};
  bool closed_ = false;
};

}  // namespace sma
