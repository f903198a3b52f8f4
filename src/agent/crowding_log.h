#pragma once

#include "base/log.h"
#include "base/scheduler.h"
#include "http_server/handler.h"

namespace sma {

/// Warns that more clients connect than `max_conn` allows: at once, then once a minute with the numbers since the last
/// line, for as long as that goes on.
class CrowdingLog final {
 public:
  CrowdingLog(Scheduler& scheduler, Log& log) : scheduler_(scheduler), log_(log) {}

  void note(Crowding crowding);

 private:
  void write();

  Scheduler& scheduler_;
  Log& log_;
  MemberTimer<&CrowdingLog::write> minute_over_{scheduler_, *this};
  int idle_closed_ = 0;
  int over_limit_ = 0;
};

}  // namespace sma
