#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace sma {

/// Counts durations by their length.
class DurationHistogram {
 public:
  /// The upper bounds of all buckets but the last, which has what took longer. In ascending order.
  static constexpr std::array<Milliseconds, 12> kBounds{Milliseconds{5},    Milliseconds{10},    Milliseconds{25},
                                                        Milliseconds{50},   Milliseconds{100},   Milliseconds{250},
                                                        Milliseconds{500},  Milliseconds{1000},  Milliseconds{2500},
                                                        Milliseconds{5000}, Milliseconds{10000}, Milliseconds{30000}};
  using Buckets = std::array<std::uint64_t, kBounds.size() + 1>;

  void add(Nanoseconds took) {
    const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), took);
    ++buckets_[static_cast<std::size_t>(bound - kBounds.begin())];
    sum_ += took;
  }

  /// How many were within each bound, but not within the bound before it.
  [[nodiscard]] const Buckets& buckets() const { return buckets_; }
  /// Of all durations.
  [[nodiscard]] Nanoseconds sum() const { return sum_; }

 private:
  Buckets buckets_{};
  Nanoseconds sum_{0};
};

}  // namespace sma
