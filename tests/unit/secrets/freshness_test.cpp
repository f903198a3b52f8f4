#include "secrets/freshness.h"

#include <doctest/doctest.h>

namespace sma {
namespace {

TEST_CASE("a secret is fresh up to its TTL after it was asked for") {
  CHECK(Freshness{Seconds{300}}.fresh_until(TimePoint(Seconds{7})) == TimePoint(Seconds{307}));
}

TEST_CASE("after a fault AWS is asked again once the shorter of TTL and 30 seconds has passed") {
  CHECK(Freshness{Seconds{300}}.retry_after_fault() == Seconds{30});
  CHECK(Freshness{Seconds{10}}.retry_after_fault() == Seconds{10});
}

}  // namespace
}  // namespace sma
