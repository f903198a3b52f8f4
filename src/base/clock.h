#pragma once

#include <chrono>

namespace sma {

using Seconds = std::chrono::seconds;
using Milliseconds = std::chrono::milliseconds;
using Nanoseconds = std::chrono::nanoseconds;

/// Names the clock of `TimePoint`: CLOCK_BOOTTIME, which also counts while the machine is suspended or the process
/// frozen. It has no `now`: time comes from a `Scheduler`, so that tests own it.
struct BootClock {
  using duration = Nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
};

/// A moment on CLOCK_BOOTTIME, in nanoseconds since boot. Ages, limits and deadlines are counted on it.
using TimePoint = BootClock::time_point;

/// A moment in UTC: for signatures, expiry times and the `Date` field.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Nanoseconds>;

}  // namespace sma
