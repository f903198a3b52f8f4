#pragma once

#include <algorithm>

#include "base/clock.h"
#include "base/random.h"

namespace sma {

/// Decides whether a cached secret may still be served, and when AWS is asked again. Knows time only through the
/// moments it is given, which are on CLOCK_BOOTTIME. Source: specification §2.2, §2.3, §2.5.
class Freshness {
 public:
  Freshness(Seconds ttl, Random& random) : ttl_(ttl), random_(random) {}

  /// The last moment at which a value asked for at `as_of` is fresh.
  [[nodiscard]] TimePoint fresh_until(TimePoint as_of) const { return as_of + ttl_; }

  /// From this moment on, a use of that value has it renewed ahead of time: at random between 80 and 90 % of its TTL,
  /// so that the entries of a fleet do not ask at the same moment.
  [[nodiscard]] TimePoint renew_from(TimePoint as_of) const {
    return as_of + Nanoseconds(ttl_) * 8 / 10 + random_.part_of(Nanoseconds(ttl_) / 10);
  }

  /// A value asked for at `fetched` need not be fetched again, if DescribeSecret says that its version still holds. This
  /// has an end, because DescribeSecret does not show that the value may no longer be read.
  [[nodiscard]] static bool may_be_described(TimePoint fetched, TimePoint now) { return now - fetched <= kDescribed; }

  /// How long a stale value may stand in after a transient fault before AWS is asked again.
  [[nodiscard]] Seconds retry_after_fault() const { return std::min(ttl_, kFaultRetry); }

  /// How long a client waits at most if a cached value may take its answer's place.
  static constexpr Seconds kStaleAfter{5};

 private:
  static constexpr Seconds kFaultRetry{30};
  static constexpr std::chrono::hours kDescribed{1};
  Seconds ttl_;
  Random& random_;
};

}  // namespace sma
