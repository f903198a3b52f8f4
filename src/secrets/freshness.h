#pragma once

#include <algorithm>

#include "base/clock.h"
#include "base/random.h"

namespace sma {

/// Decides whether a cached secret may still be served, and when AWS is asked again. Knows time only through the
/// moments it is given, which are on CLOCK_BOOTTIME. Source: specification §2.2, §2.3, §2.5.
class Freshness {
 public:
  struct Limits {
    Seconds ttl{300};
    Seconds max_stale{0};  ///< how long past its TTL a value may stand in; 0: without limit
  };

  Freshness(Limits limits, Random& random) : ttl_(limits.ttl), max_stale_(limits.max_stale), random_(random) {}

  /// The last moment at which a value asked for at `as_of` is fresh.
  [[nodiscard]] TimePoint fresh_until(TimePoint as_of) const {
    return as_of > expired_ ? as_of + ttl_ : expired_ - Nanoseconds{1};
  }

  /// What was asked for up to `now` is not fresh any more. Returns the last moment at which it was.
  TimePoint expire_all(TimePoint now) {
    expired_ = now;
    return fresh_until(now);
  }

  /// From this moment on, a use of that value has it renewed ahead of time: at random between 80 and 90 % of its TTL,
  /// so that the entries of a fleet do not ask at the same moment.
  [[nodiscard]] TimePoint renew_from(TimePoint as_of) const {
    return as_of + Nanoseconds(ttl_) * 8 / 10 + random_.part_of(Nanoseconds(ttl_) / 10);
  }

  /// A value asked for at `fetched` need not be fetched again, if DescribeSecret says that its version still holds.
  /// This has an end, because DescribeSecret does not show that the value may no longer be read.
  [[nodiscard]] static bool may_be_described(TimePoint fetched, TimePoint now) { return now - fetched <= kDescribed; }

  /// Whether a value asked for at `as_of` may take the place of a transient fault.
  [[nodiscard]] bool may_stand_in(TimePoint as_of, TimePoint now) const { return now <= last_stand_in(as_of); }

  /// Until when it does so after a fault before AWS is asked again.
  [[nodiscard]] TimePoint stand_in_until(TimePoint as_of, TimePoint now) const {
    return std::min(now + std::min(ttl_, kFaultRetry), last_stand_in(as_of));
  }

  /// How long a client waits at most if a cached value may take its answer's place.
  static constexpr Seconds kStaleAfter{5};

 private:
  [[nodiscard]] TimePoint last_stand_in(TimePoint as_of) const {
    return max_stale_ == Seconds{0} ? TimePoint::max() : as_of + ttl_ + max_stale_;
  }

  static constexpr Seconds kFaultRetry{30};
  static constexpr std::chrono::hours kDescribed{1};
  Seconds ttl_;
  Seconds max_stale_;
  Random& random_;
  TimePoint expired_ = TimePoint::min();  // when `expire_all` was called
};

}  // namespace sma
