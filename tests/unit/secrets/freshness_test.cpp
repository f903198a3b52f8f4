#include "secrets/freshness.h"

#include <doctest/doctest.h>

#include "tests/unit/base/equal_bytes.h"

namespace sma {
namespace {

constexpr TimePoint kAsked{Seconds{7}};

TEST_CASE("a secret is fresh up to its TTL after it was asked for") {
  EqualBytes random(0);
  CHECK(Freshness{{.ttl = Seconds{300}}, random}.fresh_until(kAsked) == kAsked + Seconds{300});
}

TEST_CASE("what was asked for before all expired is not fresh, and what is asked for later is") {
  EqualBytes random(0);
  Freshness freshness({.ttl = Seconds{300}}, random);
  const TimePoint now = kAsked + Seconds{9};
  CHECK(freshness.expire_all(now) < now);
  CHECK(freshness.fresh_until(kAsked) < now);
  CHECK(freshness.fresh_until(now) < now);
  CHECK(freshness.fresh_until(now + Nanoseconds{1}) == now + Nanoseconds{1} + Seconds{300});
}

TEST_CASE("a secret is renewed ahead of time from a random point between 80 and 90 percent of its TTL on") {
  EqualBytes random(0);
  CHECK(Freshness{{.ttl = Seconds{300}}, random}.renew_from(kAsked) == kAsked + Seconds{240});
  CHECK(Freshness{{.ttl = Seconds{1}}, random}.renew_from(kAsked) == kAsked + Milliseconds{800});
  random.value = 0xFF;
  CHECK(Freshness{{.ttl = Seconds{300}}, random}.renew_from(kAsked) > kAsked + Milliseconds{269'999});
  CHECK(Freshness{{.ttl = Seconds{300}}, random}.renew_from(kAsked) < kAsked + Seconds{270});
  SystemRandom kernel;
  const Freshness freshness({.ttl = Seconds{300}}, kernel);
  CHECK(freshness.renew_from(kAsked) != freshness.renew_from(kAsked));
}

TEST_CASE("a value is fetched again without DescribeSecret once it was fetched more than an hour ago") {
  CHECK(Freshness::may_be_described(kAsked, kAsked + Seconds{3600}));
  CHECK_FALSE(Freshness::may_be_described(kAsked, kAsked + Seconds{3600} + Nanoseconds{1}));
}

TEST_CASE("after a fault a value stands in for the shorter of TTL and 30 seconds before AWS is asked again") {
  EqualBytes random(0);
  const TimePoint now = kAsked + Seconds{400};
  CHECK(Freshness{{.ttl = Seconds{300}}, random}.stand_in_until(kAsked, now) == now + Seconds{30});
  CHECK(Freshness{{.ttl = Seconds{10}}, random}.stand_in_until(kAsked, now) == now + Seconds{10});
}

TEST_CASE("a value stands in without limit, or as long past its TTL as was configured") {
  EqualBytes random(0);
  const Freshness unlimited({.ttl = Seconds{300}}, random);
  CHECK(unlimited.may_stand_in(kAsked, kAsked + Seconds{31'536'000'0}));
  for (const Seconds max_stale : {Seconds{1}, Seconds{60}, Seconds{31'536'000}}) {
    const Freshness limited({.ttl = Seconds{300}, .max_stale = max_stale}, random);
    const TimePoint end = kAsked + Seconds{300} + max_stale;
    CHECK(limited.may_stand_in(kAsked, end));
    CHECK_FALSE(limited.may_stand_in(kAsked, end + Nanoseconds{1}));
    CHECK(limited.stand_in_until(kAsked, end - Milliseconds{500}) == end);
  }
}

}  // namespace
}  // namespace sma
