#pragma once

#include <algorithm>

#include "agent/files/file_settings.h"
#include "base/clock.h"
#include "base/random.h"
#include "secrets/secret_store.h"

namespace sma {

/// How often the secrets of a file are asked for: as configured, or else once in a TTL, at least every 30 seconds.
[[nodiscard]] inline Seconds refresh_time(const FileSettings& file, const SecretStoreSettings& cache) {
  constexpr Seconds kIfNothingIsCached{300};
  constexpr Seconds kShortest{30};
  if (file.refresh) return *file.refresh;
  if (cache.ttl == Seconds{0} || cache.cache_size == 0) return kIfNothingIsCached;
  return std::max(kShortest, cache.ttl);
}

/// The wait before AWS is asked again: shorter by a random 10 to 20 %, so that a fleet does not ask at one moment.
[[nodiscard]] inline Nanoseconds next_refresh(Nanoseconds refresh, Random& random) {
  return refresh * 9 / 10 - random.part_of(refresh / 10);
}

}  // namespace sma
