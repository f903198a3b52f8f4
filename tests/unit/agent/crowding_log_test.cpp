#include "agent/crowding_log.h"

#include <doctest/doctest.h>

#include "tests/unit/base/log_lines.h"
#include "tests/unit/base/manual_scheduler.h"

using namespace sma;

TEST_CASE("too many clients are a warning at once, and then once a minute with their numbers") {
  ManualScheduler scheduler;
  LogLines lines;
  Log log(&lines, LogLevel::info);
  CrowdingLog crowding(scheduler, log);
  const std::string text = "max_conn connections are open and more clients connect";
  crowding.note(Crowding::no_place);
  CHECK(lines.count(text) == 1);
  CHECK(lines.count("over_limit=1") == 1);
  for (int i = 0; i < 5; ++i) crowding.note(Crowding::closed_idle);
  crowding.note(Crowding::no_place);
  scheduler.advance(Seconds(59));
  CHECK(lines.count(text) == 1);
  scheduler.advance(Seconds(1));
  CHECK(lines.count(text) == 2);
  CHECK(lines.count("idle_closed=5 over_limit=1") == 1);
  // A minute without any ends it; the next one is written at once.
  scheduler.advance(Seconds(200));
  CHECK(lines.count(text) == 2);
  crowding.note(Crowding::closed_idle);
  CHECK(lines.count(text) == 3);
}
