#include "secrets/freshness.h"

#include <doctest/doctest.h>

namespace sma {
namespace {

TEST_CASE("a secret is fresh up to and including its TTL") {
  const Freshness freshness{Seconds{300}};
  CHECK(freshness.is_fresh(Seconds{300}));
  CHECK_FALSE(freshness.is_fresh(Seconds{300} + Nanoseconds{1}));
  CHECK(freshness.fresh_until(TimePoint(Seconds{7})) == TimePoint(Seconds{307}));
}

TEST_CASE("with a TTL of 0 nothing is fresh") { CHECK_FALSE(Freshness{Seconds{0}}.is_fresh(Seconds{0})); }

TEST_CASE("after a fault AWS is asked again once the shorter of TTL and 30 seconds has passed") {
  CHECK(Freshness{Seconds{300}}.retry_after_fault() == Seconds{30});
  CHECK(Freshness{Seconds{10}}.retry_after_fault() == Seconds{10});
}

}  // namespace
}  // namespace sma
