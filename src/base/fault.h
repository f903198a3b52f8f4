#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/utf8.h"

namespace sma {

/// The part of an error text from outside that a fault may hold: 4 KiB at most. It must be cut before
/// anything else is done with the text, so that a long text cannot keep the agent busy.
[[nodiscard]] inline std::string_view error_text(std::string_view received) { return utf8_prefix(received, 4096); }

/// A failure, in the one form that all folders use. It never carries a secret, a token or a signature:
/// its text is shown to clients and written to the log.
///
/// `http_status`, `code` and `message` are for the client and the log. Decisions are made by the methods alone: AWS may
/// send any code, also one that the agent uses for itself.
class Fault {
 public:
  enum class Kind {
    transient,  ///< may go away within seconds: no connection, no answer in time, 500, unreadable answer
    lasting,    ///< may go away, but not within seconds: 501, 505 and the like
    throttled,  ///< the service asked us to slow down
    denied,     ///< final: a 4xx of the service's own, a configuration that cannot work
    expired,    ///< the credentials the call was signed with are no longer accepted
    absent,     ///< a source has nothing configured (credentials, region): the next one may be asked
    internal,   ///< anything else
  };

  /// What AWS no longer lets the caller have, whatever it let it have before.
  enum class Revoked { nothing, secret, role };

  int http_status;      ///< the status a client is answered with
  std::string code;     ///< `__type` of the answer, for example `ResourceNotFoundException`
  std::string message;  ///< one sentence for a person
  /// How long the service asked us to wait (`x-amz-retry-after`), if it did.
  std::optional<std::chrono::milliseconds> retry_after{};
  /// Of an HTTP call: there was a connection, and the request was sent on it.
  bool connected = false;
  /// Nothing cached of it may outlive this fault.
  Revoked revoked = Revoked::nothing;

  /// No answer came in time.
  static Fault timeout(std::string message) {
    return {Origin::network, Kind::transient, 504, "TimeoutError", std::move(message)};
  }
  /// No connection, a broken one, or an answer that cannot be read.
  static Fault connection(std::string message) {
    return {Origin::network, Kind::transient, 502, "ConnectionError", std::move(message)};
  }
  static Fault internal(std::string message) { return of_agent(Kind::internal, std::move(message)); }
  static Fault absent(std::string message) { return of_agent(Kind::absent, std::move(message)); }
  static Fault denied(std::string message) { return of_agent(Kind::denied, std::move(message)); }
  static Fault expired(std::string message) {
    return of_agent(Kind::expired, 403, "ExpiredTokenException", std::move(message));
  }
  /// Too much is under way already.
  static Fault busy(std::string message) { return of_agent(Kind::transient, 503, "Busy", std::move(message)); }
  /// Found by the agent itself.
  static Fault of_agent(Kind kind, int http_status, std::string code, std::string message) {
    return {Origin::agent, kind, http_status, std::move(code), std::move(message)};
  }
  static Fault of_agent(Kind kind, std::string message) {
    return of_agent(kind, 500, "InternalFailure", std::move(message));
  }
  /// Read from an answer of AWS, with AWS's own status and code.
  static Fault of_aws(Kind kind, int http_status, std::string code, std::string message) {
    return {Origin::aws, kind, http_status, std::move(code), std::move(message)};
  }

  /// A cached value may take its place (specification §2.5).
  [[nodiscard]] bool is_transient() const { return is_worth_retrying() || kind_ == Kind::lasting; }
  /// Another attempt within seconds may succeed.
  [[nodiscard]] bool is_worth_retrying() const { return kind_ == Kind::transient || is_throttled(); }
  [[nodiscard]] bool is_throttled() const { return kind_ == Kind::throttled; }
  [[nodiscard]] bool is_denied() const { return kind_ == Kind::denied; }
  [[nodiscard]] bool is_expired() const { return kind_ == Kind::expired; }
  [[nodiscard]] bool is_absent() const { return kind_ == Kind::absent; }
  [[nodiscard]] bool is_internal() const { return kind_ == Kind::internal; }

  /// AWS answered, and this is what it said.
  [[nodiscard]] bool came_from_aws() const { return origin_ == Origin::aws; }
  /// No answer came, or none that could be read.
  [[nodiscard]] bool is_without_answer() const { return origin_ == Origin::network; }
  [[nodiscard]] bool is_timeout() const { return is_without_answer() && http_status == 504; }
  /// AWS does not allow the operation to these credentials.
  [[nodiscard]] bool is_access_denied() const { return came_from_aws() && code.starts_with("AccessDenied"); }
  /// The same trouble as `other`, perhaps in other words.
  [[nodiscard]] bool has_cause_of(const Fault& other) const { return origin_ == other.origin_ && code == other.code; }

  /// The same fault, judged by a caller that knows more.
  void set_kind(Kind kind) { kind_ = kind; }
  /// The same fault as one of the agent's own, without AWS's status and code, which answer another question than the
  /// client's.
  void hide_answer() {
    origin_ = Origin::agent;
    http_status = 500;
    code = "InternalFailure";
  }

 private:
  enum class Origin { agent, network, aws };

  Fault(Origin origin, Kind kind, int status, std::string code_, std::string message_)
      : http_status(status), code(std::move(code_)), message(std::move(message_)), origin_(origin), kind_(kind) {}

  Origin origin_;
  Kind kind_;
};

}  // namespace sma
