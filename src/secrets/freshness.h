#pragma once

#include <algorithm>

#include "base/clock.h"

namespace sma {

/// Decides whether a cached secret may still be served. Pure: knows time only through the ages it is given, which are
/// counted on CLOCK_BOOTTIME. Source: specification §2.2, §2.5.
class Freshness {
 public:
  explicit Freshness(Seconds ttl) : ttl_(ttl) {}

  /// The last moment at which a value asked for at `as_of` is fresh.
  [[nodiscard]] TimePoint fresh_until(TimePoint as_of) const { return as_of + ttl_; }

  /// How long a stale value may stand in after a transient fault before AWS is asked again.
  [[nodiscard]] Seconds retry_after_fault() const { return std::min(ttl_, kFaultRetry); }

  /// How long a client waits at most if a cached value may take its answer's place.
  static constexpr Seconds kStaleAfter{5};

 private:
  static constexpr Seconds kFaultRetry{30};
  Seconds ttl_;
};

}  // namespace sma
