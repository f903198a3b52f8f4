#pragma once

#include "base/wiped_bytes.h"
#include "http_server/request.h"

namespace sma {

/// A copy of a request for a handler that waits. It is wiped, because fields hold tokens.
class KeptRequest {
 public:
  explicit KeptRequest(const ServerRequest& request);

  [[nodiscard]] const ServerRequest& get() const { return request_; }

 private:
  [[nodiscard]] std::string_view keep(std::string_view text);

  WipedBytes text_;  // never moves: its size is known before
  ServerRequest request_;
};

}  // namespace sma
