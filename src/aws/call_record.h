#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/duration_histogram.h"
#include "base/fault.h"

namespace sma {

/// How many calls ended how, since the start; each counts once, however many attempts it took.
struct CallCounts {
  std::uint64_t ok = 0;
  std::uint64_t throttled = 0;
  std::uint64_t denied = 0;     ///< AccessDenied
  std::uint64_t transient = 0;  ///< no answer, or one that says to try again
  std::uint64_t error = 0;      ///< any other fault
  std::uint64_t dropped = 0;    ///< sent, but nobody waited for the end

  /// Counts one call. `fault`: null if it succeeded.
  void add(const Fault* fault);
  CallCounts& operator+=(const CallCounts& other);
};

/// What became of the calls to AWS since the start.
struct CallRecord {
  struct Operation {
    CallCounts outcomes{};
    DurationHistogram durations{};  ///< of calls that were waited for, with all their attempts and pauses
  };

  CallRecord();

  /// By name. The agent's own operations are there from the start, so that their first call is seen as one more.
  std::map<std::string, Operation, std::less<>> operations;
  std::uint64_t retries = 0;               ///< attempts after the first
  std::optional<WallTime> last_success{};  ///< none: no call has succeeded

  /// Of all operations.
  [[nodiscard]] CallCounts total() const;
};

}  // namespace sma
