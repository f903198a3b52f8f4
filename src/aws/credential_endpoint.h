#pragma once

#include <string>

#include "base/fault.h"

namespace sma {

/// The fault of a service for credentials that answered `status` instead of 200: throttled for 429, transient for 5xx,
/// else denied.
[[nodiscard]] inline Fault endpoint_refusal(int status, std::string message) {
  const Fault::Kind kind = status == 429   ? Fault::Kind::throttled
                           : status >= 500 ? Fault::Kind::transient
                                           : Fault::Kind::denied;
  return Fault::of_agent(kind, std::move(message));
}

}  // namespace sma
