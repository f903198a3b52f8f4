#pragma once

#include <array>
#include <string_view>

#include "base/scheduler.h"

namespace sma {

/// The `Date` field line of an answer, written again only after a second has passed. Source: RFC 9110 §5.6.7, §6.6.1.
class DateField {
 public:
  explicit DateField(const Scheduler& scheduler) : scheduler_(scheduler) {}

  /// With its CR LF.
  [[nodiscard]] std::string_view line() {
    if (scheduler_.now() >= valid_until_) write();
    return {line_.data(), line_.size()};
  }

 private:
  void write();

  const Scheduler& scheduler_;
  TimePoint valid_until_{TimePoint::min()};
  std::array<char, 37> line_{};
};

}  // namespace sma
