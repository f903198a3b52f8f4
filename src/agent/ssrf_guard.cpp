#include "agent/ssrf_guard.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/wiped_bytes.h"

namespace sma {
namespace {

constexpr int kLinesASecond = 10;

/// Which field a proxy added: the usual one, or that of RFC 7239. Empty if none did.
std::string_view proxy_trace(const ServerRequest& request) {
  if (request.field("X-Forwarded-For")) return "x-forwarded-for";
  return request.field("Forwarded") ? "forwarded" : "";
}

}  // namespace

SsrfGuard::Verdict SsrfGuard::judge(const ServerRequest& request, TokenRule rule) const {
  if (!proxy_trace(request).empty()) return Verdict::proxied;
  if (rule == TokenRule::none) return Verdict::passes;
  if (rule == TokenRule::optional && (token_.empty() || !has_some_token(request))) return Verdict::passes;
  if (carries_token(request)) return Verdict::passes;
  return has_some_token(request) ? Verdict::wrong_token : Verdict::no_token;
}

ServerResponse SsrfGuard::refuse(const ServerRequest& request, Verdict verdict) {
  if (verdict == Verdict::proxied) {
    ++counts_.forwarded;
    note("Rejecting request with X-Forwarded-For header", proxy_trace(request), request);
    return {.status = 400, .body = SharedBytes::of_literal("Forwarded"), .close = true};
  }
  ++counts_.token;
  note("Rejecting request with incorrect SSRF token", verdict == Verdict::wrong_token ? "wrong" : "missing", request);
  return {.status = 403, .body = SharedBytes::of_literal("Bad Token"), .close = true};
}

bool SsrfGuard::has_some_token(const ServerRequest& request) const {
  return std::ranges::any_of(headers_, [&](const std::string& name) {
    return std::ranges::any_of(request.fields(), [&](const ServerField& field) {
      return !field.value.empty() && equals_ignoring_case(field.name, name);
    });
  });
}

bool SsrfGuard::carries_token(const ServerRequest& request) const {
  // Every field is compared, so that the time does not show which one matched.
  bool carried = false;
  for (const ServerField& field : request.fields())
    for (const std::string& name : headers_)
      if (equals_ignoring_case(field.name, name)) carried |= equal_in_constant_time(field.value, token_.view());
  return carried && !token_.empty();
}

void SsrfGuard::note(std::string_view message, std::string_view reason, const ServerRequest& request) {
  const TimePoint now = scheduler_.now();
  if (now - second_ >= Seconds(1)) {
    run();
    second_ = now;
    lines_ = 0;
  }
  // Without the query, because clients put tokens there by mistake.
  if (++lines_ <= kLinesASecond)
    return log_.error(message, {{"reason", reason}, {"method", request.method}, {"path", request.path}});
  if (left_out_++ == 0) arm(second_ + Seconds(1));
}

void SsrfGuard::run() {
  if (left_out_ > 0) log_.error("Rejected requests left out of the log", {{"count", left_out_}});
  left_out_ = 0;
}

}  // namespace sma
