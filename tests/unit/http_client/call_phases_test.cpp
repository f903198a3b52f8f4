#include "http_client/call_phases.h"

#include <doctest/doctest.h>

namespace sma {
namespace {

using enum CallPhase;

constexpr TimePoint kBegun{Seconds(1000)};
constexpr PhaseLimits kLimits{};

CallProgress begun(bool tunnels = false, bool encrypted = true) {
  CallProgress progress;
  progress.begun = kBegun;
  progress.tunnels = tunnels;
  progress.encrypted = encrypted;
  return progress;
}

/// Late at `when`, and not before.
void check_late(const CallProgress& progress, CallPhase phase, TimePoint when) {
  CHECK(progress.phase() == phase);
  CHECK(end_of_phase(progress, kLimits) == when);
  CHECK_FALSE(late_in(progress, kLimits, when - Nanoseconds(1)).has_value());
  CHECK(late_in(progress, kLimits, when) == phase);
}

TEST_CASE("each phase has its own time, which begins with the phase") {
  CallProgress progress = begun(true);
  check_late(progress, connecting, kBegun + Milliseconds(3100));
  progress.connected = kBegun + Seconds(3);
  check_late(progress, tunnelling, kBegun + Seconds(13));
  progress.handshaking = kBegun + Seconds(12);
  check_late(progress, handshaking, kBegun + Seconds(22));
  progress.sent = kBegun + Seconds(21);
  check_late(progress, answering, kBegun + Seconds(36));
}

TEST_CASE("what follows TCP depends on proxy and TLS") {
  CallProgress direct = begun();
  direct.connected = kBegun;
  CHECK(direct.phase() == handshaking);
  CallProgress plain = begun(false, false);
  plain.connected = kBegun;
  CHECK(plain.phase() == answering);
  CallProgress tunnel = begun(true, false);
  tunnel.connected = kBegun;
  CHECK(tunnel.phase() == tunnelling);
}

TEST_CASE("on a kept connection the answer is all that is waited for") {
  CallProgress progress = begun();
  progress.sent = kBegun;
  check_late(progress, answering, kBegun + Seconds(15));
}

TEST_CASE("an answer without a limit is never late") {
  PhaseLimits limits;
  limits.answering = PhaseLimits::kNone;
  CallProgress progress = begun();
  progress.sent = kBegun;
  CHECK_FALSE(late_in(progress, limits, kBegun + Seconds(1'000'000)).has_value());
  progress.sent.reset();
  CHECK(late_in(progress, limits, kBegun + Seconds(4)) == connecting);
}

TEST_CASE("near services have one limit for each phase before the answer") {
  const PhaseLimits limits = PhaseLimits::near(Seconds(2), Seconds(5));
  for (const CallPhase phase : {lookup, connecting, tunnelling, handshaking}) CHECK(limits.of(phase) == Seconds(2));
  CHECK(limits.of(answering) == Seconds(5));
}

}  // namespace
}  // namespace sma
