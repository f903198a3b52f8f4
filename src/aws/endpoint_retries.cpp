#include "aws/endpoint_retries.h"

#include <cstdint>

namespace sma {

Task<bool> EndpointRetries::wait() {
  ++failed_;
  if (failed_ == limits_.attempts) co_return false;
  const Nanoseconds longest = limits_.pause * (std::int64_t{1} << failed_);
  const TimePoint next = context_.scheduler.now() + context_.random.part_of(longest);
  if (next >= deadline_) co_return false;
  co_await context_.scheduler.sleep_until(next);
  co_return true;
}

}  // namespace sma
