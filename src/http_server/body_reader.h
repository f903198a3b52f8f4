#pragma once

#include <cstddef>
#include <string_view>

#include "http_server/chunked_decoder.h"
#include "http_server/framing.h"

namespace sma {

/// Finds the end of a request's body. The body itself is ignored. Pure. Source: RFC 9112 §6.
class BodyReader {
 public:
  static constexpr std::size_t kMaxBody = std::size_t{256} << 10;  ///< bytes of content; more: 413
  static constexpr Refusal kTooLarge{413, "request body too large"};

  void begin(const Framing& framing) {
    kind_ = framing.body;
    left_ = framing.length;
    chunks_ = ChunkedDecoder(kMaxBody);
  }

  /// Reads the next bytes and returns how many it used: all of them unless the body ends among them or is refused.
  std::size_t feed(std::string_view bytes);
  [[nodiscard]] Progress progress() const;

 private:
  Framing::Body kind_ = Framing::Body::none;
  std::size_t left_ = 0;
  ChunkedDecoder chunks_{kMaxBody};
};

}  // namespace sma
