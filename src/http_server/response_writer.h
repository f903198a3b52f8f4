#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/shared_bytes.h"

namespace sma {

/// Writes one answer to a socket, in one call where the socket takes it; keeps what it does not take until it does.
/// SIGPIPE must be ignored.
class ResponseWriter {
 public:
  enum class Progress : std::uint8_t { done, blocked, failed };

  /// Begins an answer. The body is never copied; the head only where it could not be sent at once.
  Progress send(int socket, std::string_view head, const SharedBytes& body);
  /// Goes on with it.
  Progress resume(int socket);

 private:
  Progress write(int socket, std::string_view head, std::string_view body);

  std::size_t sent_ = 0;  // bytes of head and body
  SharedBytes head_;
  SharedBytes body_;
};

}  // namespace sma
