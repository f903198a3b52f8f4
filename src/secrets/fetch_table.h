#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>

#include "base/fault.h"
#include "base/scheduler.h"
#include "secrets/fetch.h"
#include "secrets/secret.h"

namespace sma {

/// Single flight (specification §2.6): at most one fetch a key is under way, at most one more waits for its end, and
/// fetches run to their end even if all clients go away. Bounded to 1024 fetches.
///
/// A fetch serves the requests that come while it is under way, except those for which it was sent too early: requests
/// that force a fetch, and those that come after `expire_all`. They wait for the next fetch.
class FetchTable {
 public:
  FetchTable(Scheduler& scheduler, Fetcher& fetcher) : scheduler_(scheduler), fetcher_(fetcher) {}
  FetchTable(const FetchTable&) = delete;
  FetchTable& operator=(const FetchTable&) = delete;

  /// The fetch whose answer serves a request made now, which is started if there is none; null if there are too many.
  /// `forced`: only a GetSecretValue that is not yet handed over for sending will do (refreshNow, or caching is off).
  std::shared_ptr<Fetch> join(const SecretKey& key, bool forced);
  [[nodiscard]] bool holds(const SecretKeyView& key) const { return flights_.find(key) != flights_.end(); }

  [[nodiscard]] bool is_full() const { return count_ == kMaxFetches; }

  /// What is sent already serves no request that comes from now on.
  void expire_all();

  /// Ends all fetches with that fault.
  void cancel_all(const Fault& fault);

  static constexpr std::size_t kMaxFetches = 1024;
  static constexpr Seconds kDeadline{55};

 private:
  class Running;
  struct Flight {
    std::shared_ptr<Running> current;
    std::shared_ptr<Running> next;  // starts when `current` ends; for clients whom that does not serve
  };

  std::shared_ptr<Running> make(const SecretKey& key);
  void start(Running& fetch);
  void force(Running& fetch);
  void ended(const SecretKey& key);

  Scheduler& scheduler_;
  Fetcher& fetcher_;
  std::size_t count_ = 0;
  std::unordered_map<SecretKey, Flight, SecretKeyHash, SecretKeyEqual> flights_;
};

}  // namespace sma
