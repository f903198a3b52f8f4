#pragma once

#include <optional>
#include <string_view>

#include "http_server/request.h"

namespace sma {

/// Puts the path and query of a request target into `request`, whose method is already set. Accepts the four forms of
/// RFC 9112 §3.2: origin, absolute (`http` only), authority (for CONNECT only; the path is then the authority),
/// asterisk (for OPTIONS only). Anything else is a 400: a fragment, a byte outside VCHAR, user information, an empty
/// host.
[[nodiscard]] std::optional<Refusal> read_target(std::string_view target, ServerRequest& request);

/// True for `uri-host [ ":" port ]` of RFC 9110 §7.2, and for the empty text, which RFC 9112 §3.3 leaves to the server:
/// this server has one authority, whatever name a client uses for it.
[[nodiscard]] bool is_host_value(std::string_view value);

}  // namespace sma
