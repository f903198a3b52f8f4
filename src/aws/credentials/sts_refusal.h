#pragma once

#include <string>

#include "base/fault.h"

namespace sma {

/// The fault of a call that was to give credentials, as that of their source: its message says which call of whom it
/// was. What STS refused is no answer to what a client asked for, so its status and code do not travel on.
[[nodiscard]] inline Fault while_loading(const std::string& call, Fault fault) {
  fault.message.insert(0, call + ": " + (fault.code.empty() ? "" : fault.code + ": "));
  if (!fault.may_pass()) {
    fault.kind = Fault::Kind::denied;
    fault.http_status = 500;
    fault.code = "InternalFailure";
  }
  return fault;
}

}  // namespace sma
