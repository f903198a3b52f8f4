#pragma once

#include <string>
#include <vector>

namespace sma {

/// Requests as bytes on the wire, and what must come of them.
struct RequestCase {
  std::string name;
  std::string bytes;
  int status;  ///< of the refusal; 0: nothing comes of it, more has to follow
};

/// No HTTP, beyond the limits, or ambiguous: refused, and the connection closed.
const std::vector<RequestCase>& malformed_requests();
/// Well-formed, odd ones among them; each is one whole request.
const std::vector<RequestCase>& well_formed_requests();

}  // namespace sma
