#include "base/wall_time.h"

#include <doctest/doctest.h>

#include <limits>

namespace sma {
namespace {

constexpr Seconds kMany{std::numeric_limits<Seconds::rep>::max()};
constexpr Nanoseconds kCenturies = Nanoseconds::max();

}  // namespace

TEST_CASE("times outside of 1970 to 2200 become the nearest inside") {
  CHECK(bounded_time(Seconds{0}) == kFirstTime);
  CHECK(bounded_time(Seconds{5}, Nanoseconds{7}) == WallTime(Seconds{5}) + Nanoseconds{7});
  CHECK(bounded_time(Seconds{-1}) == kFirstTime);
  CHECK(bounded_time(Seconds{0}, std::chrono::hours{-1}) == kFirstTime);
  CHECK(bounded_time(-kMany) == kFirstTime);
  CHECK(bounded_time(kMany) == kLastTime);
  CHECK(bounded_time(Seconds{10'413'792'000}) == kLastTime);  // the year 2300
}

TEST_CASE("sums and differences do not run over") {
  CHECK(bounded_sum(kLastTime, kCenturies) == kLastTime);
  CHECK(bounded_sum(kFirstTime, -kCenturies) == kFirstTime);
  CHECK(bounded_sum(WallTime(Seconds{10}), Seconds{-4}) == WallTime(Seconds{6}));
  CHECK(bounded_sum(WallTime(Seconds{10}), Seconds{-40}) == kFirstTime);
  CHECK(bounded_difference(kLastTime, kFirstTime) > Seconds{7'000'000'000});
  CHECK(bounded_difference(WallTime(kCenturies), WallTime(-kCenturies)) == Nanoseconds::max());
  CHECK(bounded_difference(WallTime(-kCenturies), WallTime(kCenturies)) == Nanoseconds::min());
  CHECK(bounded_difference(WallTime(Seconds{1}), WallTime(Seconds{3})) == Seconds{-2});
}

}  // namespace sma
