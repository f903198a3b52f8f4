#pragma once

#include <optional>
#include <string>

#include "aws/profile_files.h"
#include "base/clock.h"
#include "base/environment.h"
#include "base/fault.h"
#include "base/random.h"

namespace sma {

/// What one call's retries have come to.
struct RetryState {
  int retries = 0;
  int last_cost = 0;  ///< tokens the last retry took
};

/// The tokens all calls to AWS share: while AWS fails, retries run out and calls fail at once.
class RetryBudget {
 public:
  static constexpr int kCapacity = 500;

  /// False, and nothing is taken, if fewer are left.
  [[nodiscard]] bool take(int cost);
  /// After a success: what its last retry cost comes back, or 1.
  void give_back(const RetryState& state);
  [[nodiscard]] int left() const { return left_; }

 private:
  int left_ = kCapacity;
};

/// Whether and when a failed attempt is repeated: the SDKs' "standard" mode with its values of 2026. Pure.
/// Source: AWS SDKs and Tools Reference Guide, "Retry behavior"; specification §3.6.
struct RetryPolicy {
  static constexpr int kUsualAttempts = 3;
  int max_attempts = kUsualAttempts;  ///< the first one included

  /// How long to wait before the next attempt, counted in `state`; none if `fault` is final.
  [[nodiscard]] std::optional<Nanoseconds> wait_before_retry(RetryState& state, const Fault& fault, RetryBudget& budget,
                                                             Random& random) const;
};

/// The policy in force: `AWS_MAX_ATTEMPTS`, then the profile's `max_attempts`.
struct RetrySettings {
  RetryPolicy policy;
  std::string warning;  ///< for the log, if a value was no number of attempts; else empty
};
[[nodiscard]] RetrySettings read_retry_settings(const Environment& environment, const ProfileFiles& profile);

}  // namespace sma
