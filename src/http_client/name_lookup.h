#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event.h"
#include "base/result.h"
#include "base/task.h"
#include "os/blocking_calls.h"

namespace sma {

/// Numeric IPv4 and IPv6 addresses, IPv6 without brackets and first.
using Addresses = std::vector<std::string>;

/// Finds the addresses of names, each name once for all that wait for it. A lookup goes on when those who wait for it
/// give up: the next attempt joins it. IPv4 and IPv6 are asked for side by side; once one has answered, the other gets
/// 50 ms more, because some name servers never answer one of them.
///
/// Addresses are kept for 30 seconds. While a new lookup fails or takes long, the last good ones are used. A failed
/// lookup is not kept. Source: RFC 8305 §3 ("Resolution Delay").
class NameLookup {
 public:
  /// Asks for the addresses of one family (AF_INET, AF_INET6). Runs on a thread and may block.
  using Ask = std::function<Result<Addresses>(const std::string& name, int family)>;

  NameLookup(Scheduler& scheduler, BlockingCalls& calls) : NameLookup(scheduler, calls, ask_system) {}
  NameLookup(Scheduler& scheduler, BlockingCalls& calls, Ask ask)
      : scheduler_(scheduler), calls_(calls), ask_(std::move(ask)), lookups_(scheduler) {}

  /// A numeric address is its own answer. `again`: kept addresses may be wrong, a new lookup is started or joined.
  ///
  /// Faults: 502 `ConnectionError` if the name has no address or cannot be looked up; 504 `TimeoutError` at `deadline`.
  [[nodiscard]] Task<Result<Addresses>> find(std::string name, bool again, TimePoint deadline);

  /// Kept addresses count as old: the network may have changed.
  void expire();

  /// getaddrinfo(3) for one family.
  [[nodiscard]] static Result<Addresses> ask_system(const std::string& name, int family);

  static constexpr Seconds kKept{30};
  static constexpr Milliseconds kOtherFamily{50};
  /// How long a caller waits for a new lookup if there are old addresses.
  static constexpr Seconds kPatience{2};
  /// How long old addresses count again after a lookup failed.
  static constexpr Seconds kRetry{5};

 private:
  /// One lookup under way.
  struct Lookup {
    explicit Lookup(Scheduler& scheduler) : answered(scheduler), ended(scheduler), done(scheduler) {}
    std::optional<Result<Addresses>> v4{};
    std::optional<Result<Addresses>> v6{};
    Event answered;  ///< one family has addresses, or both have ended
    Event ended;     ///< both families have ended
    Event done;
    std::optional<Result<Addresses>> outcome{};
  };
  struct Name {
    Addresses addresses{};  // the last good ones
    TimePoint fresh_until{};
    std::shared_ptr<Lookup> lookup{};  // null: none under way
  };

  std::shared_ptr<Lookup> start(const std::string& name);
  Task<void> look_up(std::string name, std::shared_ptr<Lookup> lookup);
  Task<void> ask_family(std::string name, int family, std::shared_ptr<Lookup> lookup);
  void keep(Name& name, Lookup& lookup);

  Scheduler& scheduler_;
  BlockingCalls& calls_;
  Ask ask_;
  std::map<std::string, Name> names_;
  TaskSet lookups_;
};

}  // namespace sma
