#include "http_server/body_reader.h"

#include <algorithm>

namespace sma {

std::size_t BodyReader::feed(std::string_view bytes) {
  if (kind_ == Framing::Body::chunked) return chunks_.feed(bytes);
  const std::size_t taken = std::min(left_, bytes.size());
  left_ -= taken;
  return taken;
}

bool BodyReader::complete() const { return kind_ == Framing::Body::chunked ? chunks_.complete() : left_ == 0; }

}  // namespace sma
