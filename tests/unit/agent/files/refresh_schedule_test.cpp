#include "agent/files/refresh_schedule.h"

#include <doctest/doctest.h>

#include "tests/unit/base/equal_bytes.h"

namespace sma {
namespace {

TEST_CASE("a file's secrets are asked for once in a TTL, at least every 30 seconds, unless it says otherwise") {
  FileSettings file;
  CHECK(refresh_time(file, {.ttl = Seconds{600}}) == Seconds{600});
  CHECK(refresh_time(file, {.ttl = Seconds{5}}) == Seconds{30});
  CHECK(refresh_time(file, {.ttl = Seconds{0}}) == Seconds{300});
  CHECK(refresh_time(file, {.cache_size = 0}) == Seconds{300});
  file.refresh = Seconds{1};
  CHECK(refresh_time(file, {.ttl = Seconds{600}}) == Seconds{1});
}

TEST_CASE("a wait is shorter by 10 to 20 %") {
  EqualBytes least(0);
  EqualBytes most(0xFF);
  CHECK(next_refresh(Seconds{100}, least) == Seconds{90});
  CHECK(next_refresh(Seconds{100}, most) > Seconds{80});
  CHECK(next_refresh(Seconds{100}, most) < Milliseconds{80'001});
}

}  // namespace
}  // namespace sma
