#pragma once

#include <algorithm>

#include "base/clock.h"

namespace sma {

/// Times from outside (answers, files, the system's clock) may be any. Those before 1970 and after 2200 are taken for
/// the first and the last moment of these years, and sums and differences end at what their type can hold.
inline constexpr WallTime kFirstTime = std::chrono::sys_days(std::chrono::year{1970} / 1 / 1);
inline constexpr WallTime kLastTime =
    std::chrono::sys_days(std::chrono::year{2200} / 12 / 31) + std::chrono::hours{24} - Seconds{1};

/// `more`: less than a few days.
[[nodiscard]] constexpr WallTime bounded_time(Seconds since_1970, Nanoseconds more = Nanoseconds{0}) {
  constexpr Seconds kMargin = std::chrono::days{7};
  const auto seconds = [](WallTime time) { return std::chrono::floor<Seconds>(time.time_since_epoch()); };
  const Seconds near = std::clamp(since_1970, seconds(kFirstTime) - kMargin, seconds(kLastTime) + kMargin);
  return std::clamp(WallTime(near) + more, kFirstTime, kLastTime);
}

/// `time` moved by `offset`, within the bounds.
[[nodiscard]] constexpr WallTime bounded_sum(WallTime time, Nanoseconds offset) {
  Nanoseconds::rep sum = 0;
  if (__builtin_add_overflow(time.time_since_epoch().count(), offset.count(), &sum))
    return offset < Nanoseconds{0} ? kFirstTime : kLastTime;
  return std::clamp(WallTime(Nanoseconds(sum)), kFirstTime, kLastTime);
}

/// From `earlier` to `later`.
[[nodiscard]] constexpr Nanoseconds bounded_difference(WallTime later, WallTime earlier) {
  Nanoseconds::rep difference = 0;
  if (__builtin_sub_overflow(later.time_since_epoch().count(), earlier.time_since_epoch().count(), &difference))
    return later < earlier ? Nanoseconds::min() : Nanoseconds::max();
  return Nanoseconds(difference);
}

}  // namespace sma
