#include "http_server/request.h"

#include "base/ascii.h"

namespace sma {

std::optional<std::string_view> ServerRequest::field(std::string_view name) const {
  for (const ServerField& field : fields()) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

}  // namespace sma
