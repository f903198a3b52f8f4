#include "agent/routes.h"

#include <array>
#include <utility>

#include "agent/own_requests.h"
#include "base/json_writer.h"

namespace sma {
namespace {

constexpr std::string_view kGet = "/secretsmanager/get";

// How long a request with a wrong token waits for a look into the token's file.
constexpr Seconds kTokenTime{1};

/// By SecretAnswer::Origin.
constexpr std::array<std::string_view, 3> kCacheFields{"X-Cache: HIT\r\n", "X-Cache: MISS\r\n", "X-Cache: STALE\r\n"};

ServerResponse json(SharedBytes body) { return {.content_type = "application/json", .body = std::move(body)}; }

ServerResponse secret_answer(SecretAnswer answer) {
  ServerResponse response = json(std::move(answer.bytes));
  response.field_line = kCacheFields[static_cast<std::size_t>(answer.origin)];
  return response;
}

}  // namespace

ServerResponse fault_answer(const Fault& fault) {
  ServerResponse response = json(shared_json([&](JsonWriter& body) {
    body.begin_object().field("__type", fault.code).field("message", fault.message).end_object();
  }));
  response.status = fault.http_status;
  return response;
}

std::variant<ServerResponse, Task<ServerResponse>> Routes::answer(const ServerRequest& request, TokenRule rule) {
  auto answer = route(request, rule);
  if (log_.enabled(LogLevel::debug)) {
    const auto* response = std::get_if<ServerResponse>(&answer);
    // Without the query, because clients put tokens there by mistake.
    log_.debug("request", {{"method", request.method},
                           {"path", request.path},
                           {"answer", response != nullptr ? "at hand" : "to be fetched"},
                           {"status", response != nullptr ? response->status : 0}});
  }
  if (released_ && !released_->is_set()) return held(std::move(answer));
  return answer;
}

Task<ServerResponse> Routes::held(std::variant<ServerResponse, Task<ServerResponse>> answer) {
  if (auto* waiting = std::get_if<Task<ServerResponse>>(&answer)) {
    Task<ServerResponse> fetching = std::move(*waiting);
    answer = co_await std::move(fetching);
  }
  co_await released_->wait();
  co_return std::move(*std::get_if<ServerResponse>(&answer));
}

void Routes::refused(int status, std::string_view reason) {
  ++counts_.malformed;
  log_.debug("malformed request", {{"status", status}, {"reason", reason}});
}

void Routes::lost(const Fault& fault) {
  ++lost_;
  if (scheduler_.now() < next_lost_line_) return;
  log_.warn("connection closed", {{"reason", fault.message}, {"connections", std::exchange(lost_, 0)}});
  next_lost_line_ = scheduler_.now() + Seconds(60);
}

std::variant<ServerResponse, Task<ServerResponse>> Routes::route(const ServerRequest& request, TokenRule rule) {
  const bool ping = request.path == kPingPath;
  const bool probe = ping || (ready_ && request.path == kReadyPath);
  if (request.admission == Admission::refused || (request.admission == Admission::ping_only && !probe)) {
    ++counts_.over_limit;
    return over_limit();
  }
  if (probe && !is_read(request)) return only_reads();
  if (probe) return ping ? ping_answer() : ready_answer(ready_());
  const bool scrape = metrics_ && request.path == kMetricsPath;
  const SsrfGuard::Verdict verdict = guard_.judge(request, scrape ? TokenRule::none : rule);
  if (verdict == SsrfGuard::Verdict::passes && scrape)
    return is_read(request) ? metrics_answer(metrics_()) : only_reads();
  if (verdict == SsrfGuard::Verdict::passes) return route_guarded(request);
  if (verdict == SsrfGuard::Verdict::wrong_token)
    if (auto token_sought = guard_.seek_token())
      return judge_again(KeptRequest(request), rule, std::move(token_sought));
  return guard_.refuse(request, verdict);
}

/// The token's file is being read: there may be a new one.
Task<ServerResponse> Routes::judge_again(KeptRequest request, TokenRule rule, std::shared_ptr<Event> token_sought) {
  [[maybe_unused]] const bool ended = co_await token_sought->wait_until(scheduler_.now() + kTokenTime);
  const SsrfGuard::Verdict verdict = guard_.judge(request.get(), rule);
  if (verdict != SsrfGuard::Verdict::passes) co_return guard_.refuse(request.get(), verdict);
  auto answer = route_guarded(request.get());
  if (auto* response = std::get_if<ServerResponse>(&answer)) co_return std::move(*response);
  Task<ServerResponse> fetching = std::move(*std::get_if<Task<ServerResponse>>(&answer));
  co_return co_await std::move(fetching);
}

/// A request that the guard let pass.
std::variant<ServerResponse, Task<ServerResponse>> Routes::route_guarded(const ServerRequest& request) {
  auto answer = route_known(request);
  if (auto* response = std::get_if<ServerResponse>(&answer)) response->client_is_known = true;
  return answer;
}

std::variant<ServerResponse, Task<ServerResponse>> Routes::route_known(const ServerRequest& request) {
  const bool own = status_ && request.path == kStatusPath;
  if (own) return is_read(request) ? json(status_()) : only_reads();
  if (request.method != "GET") return not_allowed("Allow: GET\r\n");
  return secret(request);
}

std::variant<ServerResponse, Task<ServerResponse>> Routes::secret(const ServerRequest& request) {
  std::optional<std::string> wrong;
  if (request.path == kGet) {
    wrong = query_.read_query(request.query);
  } else if (request.path.starts_with(path_prefix_)) {
    wrong = query_.read_path(request.path.substr(path_prefix_.size()), request.query);
  } else {
    return text_answer(404, "Not found");
  }
  if (wrong) return ServerResponse{.status = 400, .body = SharedBytes(*wrong)};

  if (!query_.refresh_now()) {
    if (auto answer = store_.fresh(query_.key())) return secret_answer(std::move(*answer));
  }
  return fetch(query_.key().copy(), query_.refresh_now(), scheduler_.now() + kClientTime);
}

Task<ServerResponse> Routes::fetch(SecretKey key, bool refresh_now, TimePoint deadline) {
  Task<Result<SecretAnswer>> got = store_.get(std::move(key), refresh_now, deadline);
  Result<SecretAnswer> answer = co_await std::move(got);
  ServerResponse response = answer.ok() ? secret_answer(std::move(*answer)) : fault_answer(answer.fault());
  response.client_is_known = true;
  co_return response;
}

}  // namespace sma
