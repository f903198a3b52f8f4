#pragma once

#include <string>

#include "base/fault.h"

namespace sma {

/// The fault of a call for credentials, as a fault of their source: its message names the call and its role. STS's
/// answer to that call is not an answer to the client's request, so its status and code go no further.
[[nodiscard]] inline Fault while_loading(const std::string& call, Fault fault) {
  fault.message.insert(0, call + ": " + (fault.code.empty() ? "" : fault.code + ": "));
  if (!fault.is_without_answer()) fault.hide_answer();
  if (!fault.is_transient()) fault.set_kind(Fault::Kind::denied);
  return fault;
}

}  // namespace sma
