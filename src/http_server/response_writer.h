#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/shared_bytes.h"

namespace sma {

/// Writes one answer to a socket, in one call if the socket takes it. Keeps what the socket does not take until it
/// does. SIGPIPE must be ignored.
class ResponseWriter {
 public:
  enum class Outcome : std::uint8_t { done, blocked, failed };

  /// Begins an answer. The body is never copied; the head only if it could not be sent at once.
  Outcome send(int socket, std::string_view head, const SharedBytes& body);
  /// Continues it, when the socket takes more.
  Outcome resume(int socket);

 private:
  Outcome write(int socket, std::string_view head, std::string_view body);

  std::size_t sent_ = 0;  // bytes of head and body
  SharedBytes head_;
  SharedBytes body_;
};

}  // namespace sma
