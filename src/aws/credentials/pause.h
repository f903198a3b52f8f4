#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/random.h"

namespace sma {

/// A random part of `base`, doubled with each attempt that failed ("full jitter").
[[nodiscard]] inline Nanoseconds random_pause(Random& random, Nanoseconds base, int tried) {
  return random.part_of(base * (std::int64_t{1} << tried));
}

}  // namespace sma
