#pragma once

#include <string>
#include <vector>

namespace sma {

/// Requests as bytes on the wire, and the expected result.
struct RequestCase {
  std::string name;
  std::string bytes;
  int status;  ///< of the refusal; 0: the request is not complete
};

/// Not HTTP, over the limits, or ambiguous: refused, and the connection is closed.
const std::vector<RequestCase>& malformed_requests();
/// Well-formed, odd ones among them; each is one whole request.
const std::vector<RequestCase>& well_formed_requests();

}  // namespace sma
