#pragma once

#include <map>
#include <string>

#include "base/scheduler.h"
#include "base/wall_time.h"

namespace sma {

/// UTC as AWS has it: the system's clock, and the offsets by which answers of AWS showed it to be wrong.
class AwsClock {
 public:
  explicit AwsClock(const Scheduler& scheduler) : scheduler_(scheduler) {}

  /// The time by which expiry is judged: that of the endpoint which corrected the clock last.
  [[nodiscard]] WallTime now() const { return bounded_sum(scheduler_.wall_now(), latest_); }
  /// The time by which requests to `host` are signed.
  [[nodiscard]] WallTime now_at(const std::string& host) const {
    return bounded_sum(scheduler_.wall_now(), offset_at(host));
  }

  /// How far the clock of `host` is ahead of the system's.
  [[nodiscard]] Nanoseconds offset_at(const std::string& host) const {
    const auto known = offsets_.find(host);
    return known == offsets_.end() ? Nanoseconds{0} : known->second;
  }
  void set_offset(const std::string& host, Nanoseconds offset) {
    offsets_[host] = offset;
    latest_ = offset;
  }

 private:
  const Scheduler& scheduler_;
  std::map<std::string, Nanoseconds> offsets_;
  Nanoseconds latest_{0};
};

}  // namespace sma
