#include "aws/retry_policy.h"

#include <algorithm>

#include "base/whole_number.h"

namespace sma {
namespace {

constexpr int kRetryCost = 14;
constexpr int kThrottledRetryCost = 5;
constexpr Nanoseconds kBase = Milliseconds{50};
constexpr Nanoseconds kThrottledBase = Seconds{1};
constexpr Nanoseconds kMaxBackoff = Seconds{20};
constexpr Nanoseconds kMaxBeyondBackoff = Seconds{5};

Nanoseconds longest_backoff(int retries, bool throttled) {
  Nanoseconds longest = throttled ? kThrottledBase : kBase;
  for (int i = 0; i < retries && longest < kMaxBackoff; ++i) longest *= 2;
  return std::min(longest, kMaxBackoff);
}

}  // namespace

bool RetryBudget::take(int cost) {
  if (cost > left_) return false;
  left_ -= cost;
  return true;
}

void RetryBudget::give_back(const RetryState& state) {
  left_ = std::min(left_ + (state.retries == 0 ? 1 : state.last_cost), kCapacity);
}

std::optional<Nanoseconds> RetryPolicy::wait_before_retry(RetryState& state, const Fault& fault, RetryBudget& budget,
                                                          Random& random) const {
  if (state.retries + 1 >= max_attempts || !fault.is_worth_retrying()) return std::nullopt;
  const bool throttled = fault.is_throttled();
  const int cost = throttled ? kThrottledRetryCost : kRetryCost;
  if (!budget.take(cost)) return std::nullopt;
  const Nanoseconds wait = random.part_of(longest_backoff(state.retries, throttled));
  ++state.retries;
  state.last_cost = cost;
  if (!fault.retry_after) return wait;
  // As milliseconds: nanoseconds cannot hold all that a service may send.
  if (*fault.retry_after >= std::chrono::ceil<Milliseconds>(wait + kMaxBeyondBackoff)) return wait + kMaxBeyondBackoff;
  return std::max(wait, Nanoseconds(*fault.retry_after));
}

RetrySettings read_retry_settings(const Environment& environment, const ProfileFiles& profile) {
  std::string_view name = "AWS_MAX_ATTEMPTS";
  auto value = environment.get(name);
  if (!value) {
    name = "the profile's max_attempts";
    value = profile.get("max_attempts");
  }
  RetrySettings settings;
  if (!value) return settings;
  if (const auto attempts = whole_number<int>(*value); attempts && *attempts > 0) {
    settings.policy.max_attempts = *attempts;
  } else {
    settings.warning = std::string(name) + " is ignored: it has to be a number from 1 up";
  }
  return settings;
}

}  // namespace sma
