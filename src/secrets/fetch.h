#pragma once

#include <optional>
#include <utility>

#include "base/event.h"
#include "base/result.h"
#include "base/scheduler.h"
#include "base/shared_bytes.h"
#include "base/task.h"
#include "secrets/secret.h"
#include "secrets/secret_source.h"

namespace sma {

/// One fetch of one key: what AWS is asked, and the answer for all clients that wait.
struct Fetch {
  Fetch(Scheduler& scheduler, SecretKey fetch_key) : key(std::move(fetch_key)), done(scheduler) {}

  const SecretKey key;
  FetchProgress progress{};
  TimePoint started{};      ///< or when the first client came, while it waits for another one's end
  bool forced = false;      ///< GetSecretValue, whatever DescribeSecret would say
  bool ordinary = false;    ///< a client waits, or waited, that takes a cached value in place of a fault
  bool outdated = false;    ///< sent before all entries were made to count as expired: serves no client after that
  bool begun_for = false;   ///< the request that it was begun for has it: all others join
  bool describing = false;  ///< DescribeSecret is under way
  bool reported_as_slow = false;  ///< the log has its line about slow answers
  Event done;
  std::optional<Result<SharedBytes>> outcome{};  ///< set when done

  [[nodiscard]] bool sent() const { return progress.first_sent.has_value(); }
};

/// Does what a fetch is for: `Refresh`, or a test.
class Fetcher {
 public:
  /// Asks AWS, and leaves the answer in the cache. `fetch` must outlive the task.
  virtual Task<Result<SharedBytes>> run(Fetch& fetch) = 0;
  /// A fetch that an ordinary client waited for ended with this fault. `outdated`: as in `Fetch`.
  virtual void failed(const SecretKey& key, const Fault& fault, bool outdated) = 0;

 protected:
  ~Fetcher() = default;
};

}  // namespace sma
