#include "secrets/usage_summary.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/base/log_lines.h"
#include "tests/unit/base/manual_scheduler.h"

namespace sma {
namespace {

struct Fixture {
  ManualScheduler scheduler;
  LogLines lines;
  Log log{&lines, LogLevel::info};
  UsageSummary usage{scheduler, log};
};

TEST_CASE("once a minute a line says what each secret's clients got") {
  Fixture f;
  for (int i = 0; i < 3; ++i) f.usage.record_memory("db");
  f.usage.record_aws("db");
  f.usage.record_joined("db");
  f.usage.record_call("db");
  f.usage.record_call("db");
  f.usage.record_error("api");
  f.scheduler.advance(Seconds{59});
  CHECK(f.lines.lines.empty());
  f.scheduler.advance(Seconds{1});
  CHECK(f.lines.lines.size() == 2);
  CHECK(f.lines.count("secret_id=db from_memory=3 from_aws=1 errors=0 joined=1 calls=2") == 1);
  CHECK(f.lines.count("secret_id=api from_memory=0 from_aws=0 errors=1 joined=0 calls=0") == 1);
}

TEST_CASE("each minute counts from zero, and a secret nobody asked for has no line") {
  Fixture f;
  f.usage.record_memory("db");
  f.usage.record_memory("api");
  f.scheduler.advance(Seconds{60});
  f.usage.record_memory("db");
  f.scheduler.advance(Seconds{60});
  CHECK(f.lines.count("secret_id=db from_memory=1 ") == 2);
  CHECK(f.lines.count("secret_id=api") == 1);
}

TEST_CASE("no timer runs while nobody asks") {
  Fixture f;
  CHECK_FALSE(f.scheduler.next_timer().has_value());
  f.usage.record_memory("db");
  f.scheduler.advance(Seconds{180});
  CHECK_FALSE(f.scheduler.next_timer().has_value());
  f.usage.record_memory("db");
  f.scheduler.advance(Seconds{60});
  CHECK(f.lines.count("secret_id=db") == 2);
}

TEST_CASE("beyond 1000 ids, and for what is too long to be one, the rest is counted as other") {
  Fixture f;
  for (int i = 0; i < 1010; ++i) f.usage.record_error("id" + std::to_string(i));
  f.usage.record_memory("id7");
  f.usage.record_memory(std::string(3000, 'x'));
  f.scheduler.advance(Seconds{60});
  CHECK(f.lines.lines.size() == 1001);
  CHECK(f.lines.count("secret_id=id7 from_memory=1 from_aws=0 errors=1") == 1);
  CHECK(f.lines.count("secret_id=other from_memory=1 from_aws=0 errors=10") == 1);
}

TEST_CASE("ids of the past make room for new ones") {
  Fixture f;
  for (int i = 0; i < 1000; ++i) f.usage.record_error("old" + std::to_string(i));
  f.scheduler.advance(Seconds{120});
  f.usage.record_error("new");
  f.usage.flush();
  CHECK(f.lines.count("secret_id=new") == 1);
}

}  // namespace
}  // namespace sma
