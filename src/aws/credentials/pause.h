#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/random.h"

namespace sma {

/// A random part of `base`, doubled with each attempt that failed ("full jitter").
[[nodiscard]] inline Nanoseconds random_pause(Random& random, Nanoseconds base, int tried) {
  const auto longest = static_cast<double>(base.count()) * static_cast<double>(std::int64_t{1} << tried);
  return Nanoseconds(static_cast<Nanoseconds::rep>(random.fraction() * longest));
}

}  // namespace sma
