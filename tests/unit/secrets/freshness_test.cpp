#include "secrets/freshness.h"

#include <doctest/doctest.h>

#include "tests/unit/base/equal_bytes.h"

namespace sma {
namespace {

constexpr TimePoint kAsked{Seconds{7}};

TEST_CASE("a secret is fresh up to its TTL after it was asked for") {
  EqualBytes random(0);
  CHECK(Freshness{Seconds{300}, random}.fresh_until(kAsked) == kAsked + Seconds{300});
}

TEST_CASE("a secret is renewed ahead of time from a random point between 80 and 90 percent of its TTL on") {
  EqualBytes random(0);
  CHECK(Freshness{Seconds{300}, random}.renew_from(kAsked) == kAsked + Seconds{240});
  CHECK(Freshness{Seconds{1}, random}.renew_from(kAsked) == kAsked + Milliseconds{800});
  random.value = 0xFF;
  CHECK(Freshness{Seconds{300}, random}.renew_from(kAsked) > kAsked + Milliseconds{269'999});
  CHECK(Freshness{Seconds{300}, random}.renew_from(kAsked) < kAsked + Seconds{270});
  SystemRandom kernel;
  const Freshness freshness(Seconds{300}, kernel);
  CHECK(freshness.renew_from(kAsked) != freshness.renew_from(kAsked));
}

TEST_CASE("a value is fetched again without DescribeSecret once it was fetched more than an hour ago") {
  CHECK(Freshness::may_be_described(kAsked, kAsked + Seconds{3600}));
  CHECK_FALSE(Freshness::may_be_described(kAsked, kAsked + Seconds{3600} + Nanoseconds{1}));
}

TEST_CASE("after a fault AWS is asked again once the shorter of TTL and 30 seconds has passed") {
  EqualBytes random(0);
  CHECK(Freshness{Seconds{300}, random}.retry_after_fault() == Seconds{30});
  CHECK(Freshness{Seconds{10}, random}.retry_after_fault() == Seconds{10});
}

}  // namespace
}  // namespace sma
