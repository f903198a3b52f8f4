#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "agent/crowding_log.h"
#include "agent/secret_query.h"
#include "agent/ssrf_guard.h"
#include "base/event.h"
#include "base/log.h"
#include "http_server/handler.h"
#include "http_server/kept_request.h"
#include "secrets/secret_store.h"

namespace sma {

/// How many requests were refused before they were looked at, since the start.
struct RouteCounts {
  std::uint64_t malformed = 0;   ///< no HTTP
  std::uint64_t over_limit = 0;  ///< on a connection over the limit
};

/// What each request is answered with (specification §1.2, §1.3): the guard first, then the routes. As a handler of its
/// own it answers those that come over TCP, and `local` answers those of the Unix socket, which need no token. A secret
/// at hand is answered at once; for any other the answer is a task.
class Routes final : public Handler, public ServerObserver {
 public:
  /// All must outlive this object and its answers.
  Routes(Scheduler& scheduler, SecretStore& store, SsrfGuard& guard, Log& log, std::string path_prefix)
      : scheduler_(scheduler), store_(store), guard_(guard), log_(log), path_prefix_(std::move(path_prefix)) {}

  /// `GET /status` is answered with what `status` returns. Not to be called if `path_prefix` takes the path.
  void serve_status(std::function<SharedBytes()> status) { status_ = std::move(status); }
  /// `GET /ready` is answered with 200 or 503, as `ready` returns. Not to be called if `path_prefix` takes the path.
  void serve_ready(std::function<bool()> ready) { ready_ = std::move(ready); }

  /// `GET /metrics` is answered with what `metrics` returns. Not to be called if `path_prefix` takes the path.
  void serve_metrics(std::function<SharedBytes()> metrics) { metrics_ = std::move(metrics); }

  /// From now on no request is answered until `release`. What they ask for is fetched meanwhile.
  void hold() { released_.emplace(scheduler_); }
  void release() {
    if (released_) released_->set();
  }

  std::variant<ServerResponse, Task<ServerResponse>> handle(const ServerRequest& request) override {
    return answer(request, TokenRule::required);
  }
  [[nodiscard]] Handler& local() { return local_; }
  void refused(int status, std::string_view reason) override;
  [[nodiscard]] const RouteCounts& counts() const { return counts_; }
  /// Writes at most one line a minute, with the number of connections since the last one.
  void lost(const Fault& fault) override;
  void crowded(Crowding crowding) override { crowding_log_.note(crowding); }

  /// How long a client waits at most, from its request to the answer.
  static constexpr Seconds kClientTime{58};

 private:
  class Local final : public Handler {
   public:
    explicit Local(Routes& routes) : routes_(routes) {}
    std::variant<ServerResponse, Task<ServerResponse>> handle(const ServerRequest& request) override {
      return routes_.answer(request, TokenRule::optional);
    }

   private:
    Routes& routes_;
  };

  std::variant<ServerResponse, Task<ServerResponse>> answer(const ServerRequest& request, TokenRule rule);
  std::variant<ServerResponse, Task<ServerResponse>> route(const ServerRequest& request, TokenRule rule);
  std::variant<ServerResponse, Task<ServerResponse>> route_guarded(const ServerRequest& request);
  std::variant<ServerResponse, Task<ServerResponse>> route_known(const ServerRequest& request);
  Task<ServerResponse> judge_again(KeptRequest request, TokenRule rule, std::shared_ptr<Event> token_sought);
  std::variant<ServerResponse, Task<ServerResponse>> secret(const ServerRequest& request);
  Task<ServerResponse> fetch(SecretKey key, bool refresh_now, TimePoint deadline);
  Task<ServerResponse> held(std::variant<ServerResponse, Task<ServerResponse>> answer);

  Scheduler& scheduler_;
  SecretStore& store_;
  SsrfGuard& guard_;
  Log& log_;
  std::string path_prefix_;
  SecretQuery query_;
  std::function<SharedBytes()> status_{};   // none: there is no such request
  std::function<bool()> ready_{};           // likewise
  std::function<SharedBytes()> metrics_{};  // likewise
  std::optional<Event> released_;           // none: answers are not held
  int lost_ = 0;                            // connections since the last line
  TimePoint next_lost_line_ = TimePoint::min();
  CrowdingLog crowding_log_{scheduler_, log_};
  RouteCounts counts_{};
  Local local_{*this};
};

/// `{"__type":"CODE","message":"TEXT"}` with the fault's status.
[[nodiscard]] ServerResponse fault_answer(const Fault& fault);

}  // namespace sma
