#include "agent/memory_lock_log.h"

#include <doctest/doctest.h>

#include "tests/unit/base/log_lines.h"
#include "tests/unit/base/manual_scheduler.h"

using namespace sma;

TEST_CASE("memory that could not be locked is said once, with the limit and the need, also if it happens later") {
  static std::optional<UnlockedMemory> unlocked;
  ManualScheduler scheduler;
  LogLines lines;
  Log log(&lines, LogLevel::info);
  MemoryLockLog memory_lock_log(scheduler, log, [] { return unlocked; });
  memory_lock_log.look();
  scheduler.advance(Seconds(60));
  CHECK(lines.count("could not be locked") == 0);
  unlocked = UnlockedMemory{"Cannot allocate memory", 65536, 2'000'000};
  scheduler.advance(Seconds(60));
  CHECK(lines.count("WARN memory for secrets could not be locked") == 1);
  CHECK(lines.count("reason=\"Cannot allocate memory\" limit_bytes=65536 needed_bytes=2000000") == 1);
  scheduler.advance(Seconds(600));
  CHECK(lines.count("could not be locked") == 1);
}
