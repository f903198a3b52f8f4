#include "aws/call_record.h"

namespace sma {

void CallCounts::add(const Fault* fault) {
  if (fault == nullptr) {
    ++ok;
  } else if (fault->is_throttled()) {
    ++throttled;
  } else if (fault->is_access_denied()) {
    ++denied;
  } else if (fault->is_transient()) {
    ++transient;
  } else {
    ++error;
  }
}

CallCounts& CallCounts::operator+=(const CallCounts& other) {
  ok += other.ok;
  throttled += other.throttled;
  denied += other.denied;
  transient += other.transient;
  error += other.error;
  dropped += other.dropped;
  return *this;
}

CallRecord::CallRecord() {
  for (const char* name : {"GetSecretValue", "DescribeSecret", "BatchGetSecretValue", "GetCallerIdentity", "AssumeRole",
                           "AssumeRoleWithWebIdentity"})
    operations.try_emplace(name);
}

CallCounts CallRecord::total() const {
  CallCounts sum;
  for (const auto& [name, operation] : operations) sum += operation.outcomes;
  return sum;
}

}  // namespace sma
