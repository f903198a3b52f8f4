#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/event.h"
#include "base/log.h"
#include "base/scheduler.h"
#include "base/shared_bytes.h"
#include "http_server/handler.h"

namespace sma {

/// Looks for a new token when a request carries a wrong one.
class SsrfTokenSeeker {
 public:
  /// Is set when the look has ended, and `SsrfGuard::set_token` was called if there is a new token. Null: no look is
  /// due, or the file's system hangs.
  virtual std::shared_ptr<Event> seek_token() = 0;

 protected:
  ~SsrfTokenSeeker() = default;
};

/// Whether a request must carry the token.
enum class TokenRule : std::uint8_t {
  required,
  /// The way that it came by lets only clients in that may have secrets. A token that it carries must be right
  /// nevertheless, if there is one.
  optional,
  /// The answer tells nothing that needs one.
  none,
};

/// How many requests were rejected, since the start.
struct GuardCounts {
  std::uint64_t forwarded = 0;
  std::uint64_t token = 0;
};

/// Rejects requests that a program was tricked into making: those that came through a proxy, and those without the
/// token. Its ERROR lines begin with texts that alarms look for, and go on with the reason. At most 10 are written in a
/// second; the others are counted, and their number is written when the second is over.
class SsrfGuard final : private Timer {
 public:
  SsrfGuard(Scheduler& scheduler, Log& log, std::vector<std::string> headers, SharedBytes token)
      : Timer(scheduler), scheduler_(scheduler), log_(log), headers_(std::move(headers)), token_(std::move(token)) {}

  enum class Verdict : std::uint8_t { passes, proxied, wrong_token, no_token };

  [[nodiscard]] Verdict judge(const ServerRequest& request, TokenRule rule) const;
  /// After this the verdict `wrong_token` may be another one; null: it will not.
  [[nodiscard]] std::shared_ptr<Event> seek_token() { return seeker_ != nullptr ? seeker_->seek_token() : nullptr; }
  /// The answer to a request that does not pass, and a line in the log. The answer closes the connection.
  [[nodiscard]] ServerResponse refuse(const ServerRequest& request, Verdict verdict);

  [[nodiscard]] const GuardCounts& counts() const { return counts_; }

  /// From now on this is the token, and no other.
  void set_token(SharedBytes token) { token_ = std::move(token); }
  [[nodiscard]] const SharedBytes& token() const { return token_; }
  /// Must outlive this object.
  void set_seeker(SsrfTokenSeeker& seeker) { seeker_ = &seeker; }

 private:
  [[nodiscard]] bool carries_token(const ServerRequest& request) const;
  [[nodiscard]] bool has_some_token(const ServerRequest& request) const;
  void note(std::string_view message, std::string_view reason, const ServerRequest& request);
  void run() override;

  Scheduler& scheduler_;
  Log& log_;
  std::vector<std::string> headers_;
  SharedBytes token_;
  SsrfTokenSeeker* seeker_ = nullptr;
  GuardCounts counts_{};

  TimePoint second_{};  // when the second began in which `lines_` were written
  int lines_ = 0;
  int left_out_ = 0;
};

}  // namespace sma
