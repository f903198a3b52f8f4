#include "http_client/call_phases.h"

namespace sma {

Nanoseconds PhaseLimits::of(CallPhase phase) const {
  switch (phase) {
    case CallPhase::lookup:
      return lookup;
    case CallPhase::connecting:
      return connecting;
    case CallPhase::tunnelling:
      return tunnelling;
    case CallPhase::handshaking:
      return handshaking;
    case CallPhase::answering:
      break;
  }
  return answering;
}

CallPhase CallProgress::phase() const {
  if (sent) return CallPhase::answering;
  if (handshaking) return CallPhase::handshaking;
  if (!connected) return CallPhase::connecting;
  if (tunnels) return CallPhase::tunnelling;
  return encrypted ? CallPhase::handshaking : CallPhase::answering;
}

TimePoint CallProgress::phase_begun() const { return sent.value_or(handshaking.value_or(connected.value_or(begun))); }

TimePoint end_of_phase(const CallProgress& progress, const PhaseLimits& limits) {
  const Nanoseconds limit = limits.of(progress.phase());
  return limit == PhaseLimits::kNone ? TimePoint::max() : progress.phase_begun() + limit;
}

std::optional<CallPhase> late_in(const CallProgress& progress, const PhaseLimits& limits, TimePoint now) {
  if (now < end_of_phase(progress, limits)) return std::nullopt;
  return progress.phase();
}

}  // namespace sma
