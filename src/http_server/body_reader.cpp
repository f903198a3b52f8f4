#include "http_server/body_reader.h"

#include <algorithm>

namespace sma {

std::size_t BodyReader::feed(std::string_view bytes) {
  if (kind_ == Framing::Body::chunked) return chunks_.feed(bytes);
  const std::size_t taken = std::min(left_, bytes.size());
  left_ -= taken;
  return taken;
}

Progress BodyReader::progress() const {
  if (kind_ == Framing::Body::chunked) return chunks_.progress();
  return left_ == 0 ? Progress::State::complete : Progress::State::incomplete;
}

}  // namespace sma
