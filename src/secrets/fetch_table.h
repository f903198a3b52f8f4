#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <unordered_map>

#include "base/event.h"
#include "base/result.h"
#include "base/scheduler.h"
#include "base/shared_bytes.h"
#include "base/task.h"
#include "secrets/secret.h"
#include "secrets/secret_source.h"

namespace sma {

class FetchTable;
class Refresh;

/// One fetch of one key: what AWS was asked, and who waits for it. Belongs to the table while it runs, and to those who
/// wait until each has its answer.
class Fetch final : private Runnable {
 public:
  Fetch(FetchTable& table, Scheduler& scheduler, SecretKey fetch_key);

  const SecretKey key;
  FetchProgress progress{};
  TimePoint started{};
  bool forced = false;        ///< GetSecretValue, whatever DescribeSecret would say
  bool ordinary = false;      ///< somebody waits, or waited, who takes a cached value in place of a fault
  bool describing = false;    ///< DescribeSecret is under way
  bool overdue_told = false;  ///< the log has its line about slow answers
  Event done;
  std::optional<Result<SharedBytes>> outcome{};  ///< set when done

  [[nodiscard]] bool sent() const { return progress.first_sent.has_value(); }
  /// When the value it brought was asked for.
  [[nodiscard]] TimePoint as_of() const { return progress.last_sent.value_or(progress.first_sent.value_or(started)); }

 private:
  friend class FetchTable;
  void run() override;

  FetchTable& table_;
  Task<Result<SharedBytes>> task_{};  // last: it goes before what it uses
};

/// Single flight (specification §2.6): at most one fetch a key is under way, at most one more waits for its end, and
/// fetches run to their end even if all clients go away. Bounded to 1024 fetches.
class FetchTable {
 public:
  FetchTable(Scheduler& scheduler, Refresh& refresh) : scheduler_(scheduler), refresh_(refresh) {}
  FetchTable(const FetchTable&) = delete;
  FetchTable& operator=(const FetchTable&) = delete;

  /// The fetch whose answer serves a request made now, started if need be; null where there are too many. `forced`:
  /// only a GetSecretValue that is not yet handed over for sending will do (refreshNow, or caching is off).
  std::shared_ptr<Fetch> join(const SecretKey& key, bool forced);
  [[nodiscard]] bool holds(const SecretKeyView& key) const { return flights_.find(key) != flights_.end(); }

  /// Ends all fetches with that fault.
  void cancel_all(const Fault& fault);

  static constexpr std::size_t kMaxFetches = 1024;
  static constexpr Seconds kDeadline{55};

 private:
  friend class Fetch;
  struct Flight {
    std::shared_ptr<Fetch> current;
    std::shared_ptr<Fetch> next;  // starts when `current` ends; only for clients that force a fetch
  };

  std::shared_ptr<Fetch> make(const SecretKey& key);
  void start(Fetch& fetch);
  void force(Fetch& fetch);
  void ended(Fetch& fetch);

  Scheduler& scheduler_;
  Refresh& refresh_;
  std::size_t count_ = 0;
  std::unordered_map<SecretKey, Flight, SecretKeyHash, SecretKeyEqual> flights_;
};

}  // namespace sma
