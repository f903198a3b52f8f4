#include "agent/crowding_log.h"

#include <utility>

namespace sma {

void CrowdingLog::note(Crowding crowding) {
  ++(crowding == Crowding::closed_idle ? idle_closed_ : over_limit_);
  if (!minute_over_.armed()) write();
}

void CrowdingLog::write() {
  if (idle_closed_ == 0 && over_limit_ == 0) return;
  log_.warn("max_conn connections are open and more clients connect",
            {{"idle_closed", std::exchange(idle_closed_, 0)}, {"over_limit", std::exchange(over_limit_, 0)}});
  minute_over_.arm(scheduler_.now() + Seconds(60));
}

}  // namespace sma
