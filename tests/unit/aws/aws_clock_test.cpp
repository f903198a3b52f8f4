#include "aws/aws_clock.h"

#include <doctest/doctest.h>

#include "tests/unit/base/manual_scheduler.h"

using namespace sma;

TEST_CASE("a clock's correction counts for the host that it came from, and the latest one for expiry") {
  ManualScheduler scheduler;
  AwsClock clock(scheduler);
  clock.set_offset("a", Seconds(100));
  clock.set_offset("b", Seconds(200));
  const WallTime ours = scheduler.wall_now();
  CHECK(clock.now_at("a") == ours + Seconds(100));
  CHECK(clock.now_at("c") == ours);
  CHECK(clock.now() == ours + Seconds(200));
}
