#pragma once

#include <cstdint>
#include <span>

#include "base/clock.h"

namespace sma {

/// Random numbers, from the kernel or from a test.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> bytes) = 0;

  /// A random part of `whole`: evenly from 0 (included) to `whole` (excluded). For waits that a whole fleet would end
  /// at the same moment otherwise.
  [[nodiscard]] Nanoseconds part_of(Nanoseconds whole);
};

/// getrandom(2); good enough for tokens.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override;
};

}  // namespace sma
