#pragma once

#include "aws/aws_context.h"
#include "base/task.h"

namespace sma {

/// The attempts at one question to a service for credentials, and the pauses between them: a random part of `pause`,
/// doubled with each attempt ("full jitter").
class EndpointRetries {
 public:
  struct Limits {
    int attempts;
    Nanoseconds pause;
  };
  EndpointRetries(const AwsContext& context, Limits limits, TimePoint deadline)
      : context_(context), limits_(limits), deadline_(deadline) {}

  /// After an attempt that failed: waits, then returns true; false if no attempt is left, or none before the deadline.
  /// This object must outlive the task.
  [[nodiscard]] Task<bool> wait();

 private:
  AwsContext context_;
  Limits limits_;
  TimePoint deadline_;
  int failed_ = 0;
};

}  // namespace sma
