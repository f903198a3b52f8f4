#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace sma {

/// What went wrong, in the one form that travels between floors. It never carries a secret, a token or a signature:
/// its text is shown to clients and written to the log.
struct Fault {
  enum class Kind {
    transient,  ///< may go away by itself: no connection, no answer in time, 5xx, unreadable answer
    throttled,  ///< the service asked us to slow down
    denied,     ///< refused for good: a 4xx of the service's own, a configuration that cannot work
    expired,    ///< the credentials the call was signed with are no longer accepted
    absent,     ///< a source has nothing configured (credentials, region): the next one may be asked
    internal,   ///< anything else
  };

  Kind kind = Kind::internal;
  int http_status = 500;  ///< the status a client is answered with
  std::string code;       ///< `__type` of the answer, for example `ResourceNotFoundException`
  std::string message;    ///< one sentence for a person
  /// How long the service asked us to wait (`x-amz-retry-after`), if it did.
  std::optional<std::chrono::milliseconds> retry_after{};

  /// True where a cached value may stand in (specification §2.5).
  [[nodiscard]] bool may_pass() const { return kind == Kind::transient || kind == Kind::throttled; }

  static Fault timeout(std::string message) {
    return {.kind = Kind::transient, .http_status = 504, .code = "TimeoutError", .message = std::move(message)};
  }
  static Fault connection(std::string message) {
    return {.kind = Kind::transient, .http_status = 502, .code = "ConnectionError", .message = std::move(message)};
  }
  static Fault internal(std::string message) {
    return {.kind = Kind::internal, .http_status = 500, .code = "InternalFailure", .message = std::move(message)};
  }
  /// Too much is under way already.
  static Fault busy(std::string message) {
    return {.kind = Kind::transient, .http_status = 503, .code = "Busy", .message = std::move(message)};
  }
  static Fault absent(std::string message) {
    return {.kind = Kind::absent, .http_status = 500, .code = "InternalFailure", .message = std::move(message)};
  }
};

}  // namespace sma
