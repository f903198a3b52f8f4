#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "http_server/request.h"

namespace sma {

/// What a head says about the message as a whole: how its body ends, and whether the connection is kept open.
struct Framing {
  enum class Body : std::uint8_t { none, length, chunked };

  Body body = Body::none;
  std::size_t length = 0;         ///< bytes, if `body` is `length`
  bool keep_alive = true;         ///< the client wants the connection kept open
  bool expects_continue = false;  ///< the client waits for a 100 before it sends the body
};

/// Reads the framing from the fields of a request whose version is set. Refused: a missing or repeated `Host` (RFC 9110
/// §7.2), `Content-Length` that is repeated, a list or no number, or with `Transfer-Encoding`, a transfer coding that
/// is not `chunked` alone, or any in HTTP/1.0 (RFC 9112 §6), an expectation other than `100-continue` (417), a body
/// over the limit (413).
[[nodiscard]] std::optional<Refusal> read_framing(const ServerRequest& request, Framing& framing);

}  // namespace sma
