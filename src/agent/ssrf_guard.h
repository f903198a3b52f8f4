#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/scheduler.h"
#include "base/shared_bytes.h"
#include "http_server/handler.h"

namespace sma {

/// Looks for a new token when a request carries a wrong one.
class SsrfTokenSeeker {
 public:
  /// True if `SsrfGuard::set_token` was called meanwhile.
  virtual bool seek_token() = 0;

 protected:
  ~SsrfTokenSeeker() = default;
};

/// Whether a request must carry the token.
enum class TokenRule : bool {
  required,
  /// The way that it came by lets only clients in that may have secrets. A token that it carries must be right
  /// nevertheless, if there is one.
  optional,
};

/// Rejects requests that a program was tricked into making: those that came through a proxy, and those without the
/// token. Its ERROR lines begin with texts that alarms look for, and go on with the reason. At most 10 are written in a
/// second; the others are counted, and their number is written when the second is over.
class SsrfGuard final : private Timer {
 public:
  SsrfGuard(Scheduler& scheduler, Log& log, std::vector<std::string> headers, SharedBytes token)
      : Timer(scheduler), scheduler_(scheduler), log_(log), headers_(std::move(headers)), token_(std::move(token)) {}

  /// The answer to a request that is rejected. It closes the connection.
  [[nodiscard]] std::optional<ServerResponse> refuse(const ServerRequest& request, TokenRule rule);

  /// From now on this is the token, and no other.
  void set_token(SharedBytes token) { token_ = std::move(token); }
  [[nodiscard]] const SharedBytes& token() const { return token_; }
  /// Is asked before a request with a wrong token is rejected. Must outlive this object.
  void set_seeker(SsrfTokenSeeker& seeker) { seeker_ = &seeker; }

 private:
  [[nodiscard]] bool passes(const ServerRequest& request, TokenRule rule);
  [[nodiscard]] bool carries_token(const ServerRequest& request) const;
  [[nodiscard]] bool carries_new_token(const ServerRequest& request);
  [[nodiscard]] bool has_some_token(const ServerRequest& request) const;
  void note(std::string_view message, std::string_view reason, const ServerRequest& request);
  void run() override;

  Scheduler& scheduler_;
  Log& log_;
  std::vector<std::string> headers_;
  SharedBytes token_;
  SsrfTokenSeeker* seeker_ = nullptr;

  TimePoint second_{};  // when the second began in which `lines_` were written
  int lines_ = 0;
  int left_out_ = 0;
};

}  // namespace sma
