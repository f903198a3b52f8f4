#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sma {

/// Random numbers, from the kernel or from a test.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> bytes) = 0;

  /// Evenly from 0 (included) to 1 (excluded).
  [[nodiscard]] double fraction();
};

/// getrandom(2); good enough for tokens.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override;
};

}  // namespace sma
