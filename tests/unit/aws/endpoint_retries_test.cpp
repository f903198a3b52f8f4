#include "aws/endpoint_retries.h"

#include <doctest/doctest.h>

#include "tests/unit/aws/credentials/fixture.h"

using namespace sma;

namespace {

constexpr EndpointRetries::Limits kThree{.attempts = 3, .pause = Milliseconds{100}};

/// The pause it made in milliseconds; -1 if there is no further attempt.
std::int64_t pause(CredentialsFixture& fixture, EndpointRetries& retries) {
  const TimePoint before = fixture.scheduler.now();
  if (!fixture.finish(retries.wait())) return -1;
  return std::chrono::duration_cast<Milliseconds>(fixture.scheduler.now() - before).count();
}

}  // namespace

TEST_CASE("pauses between attempts double, and end with the attempts") {
  CredentialsFixture fixture;
  EndpointRetries retries(fixture.context, kThree, fixture.scheduler.now() + Seconds(60));
  const std::int64_t first = pause(fixture, retries);
  CHECK(first > 0);
  CHECK(first < 200);
  CHECK(pause(fixture, retries) == 2 * first);
  CHECK(pause(fixture, retries) == -1);
}

TEST_CASE("no attempt to an endpoint begins after the deadline") {
  CredentialsFixture fixture;
  EndpointRetries retries(fixture.context, kThree, fixture.scheduler.now());
  CHECK(pause(fixture, retries) == -1);
}
