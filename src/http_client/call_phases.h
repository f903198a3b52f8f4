#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace sma {

/// What a call is doing. A call goes through these in order; without TLS, without a proxy or on a kept connection it
/// leaves some out.
enum class CallPhase : std::uint8_t {
  lookup,       ///< finding the addresses of a name
  connecting,   ///< TCP, over all addresses
  tunnelling,   ///< asking a proxy for a connection to the host; with a proxy of https its TLS too
  handshaking,  ///< TLS
  answering,    ///< from the first byte of the request to the last one of the answer
};

/// How long each phase may take. Each has its own time, so that a slow name server or proxy does not use up the time of
/// the others. The times of later phases must not be shorter than those of earlier ones, `lookup` aside.
struct PhaseLimits {
  static constexpr Nanoseconds kNone = Nanoseconds::max();

  Nanoseconds lookup = Seconds{12};  ///< the system's resolver asks its second name server after 5 s
  Nanoseconds connecting = Milliseconds{3100};
  Nanoseconds tunnelling = Seconds{10};
  Nanoseconds handshaking = Seconds{10};
  Nanoseconds answering = Seconds{15};

  /// For what is near: the same short time for each phase before the answer.
  static PhaseLimits near(Nanoseconds each, Nanoseconds answering) {
    return {.lookup = each, .connecting = each, .tunnelling = each, .handshaking = each, .answering = answering};
  }
  [[nodiscard]] Nanoseconds of(CallPhase phase) const;
};

/// How far a call has come after the lookup.
struct CallProgress {
  TimePoint begun{};
  std::optional<TimePoint> connected{};    ///< TCP
  std::optional<TimePoint> handshaking{};  ///< the handshake with the host began
  std::optional<TimePoint> sent{};         ///< the request goes out
  bool tunnels = false;                    ///< a proxy is asked for a connection
  bool encrypted = false;                  ///< there is a handshake

  [[nodiscard]] CallPhase phase() const;
  [[nodiscard]] TimePoint phase_begun() const;
};

/// When the call is late, if it stays in its phase. `TimePoint::max()`: never.
[[nodiscard]] TimePoint end_of_phase(const CallProgress& progress, const PhaseLimits& limits);

/// The phase that has taken too long; none if the call is in time.
[[nodiscard]] std::optional<CallPhase> late_in(const CallProgress& progress, const PhaseLimits& limits, TimePoint now);

}  // namespace sma
