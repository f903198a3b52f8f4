#include "agent/ssrf_guard.h"

#include "base/ascii.h"
#include "base/wiped_bytes.h"

namespace sma {
namespace {

constexpr int kLinesASecond = 10;

}  // namespace

std::optional<ServerResponse> SsrfGuard::refuse(const ServerRequest& request) {
  if (request.field("X-Forwarded-For")) {
    note("Rejecting request with X-Forwarded-For header");
    return ServerResponse{.status = 400, .body = SharedBytes::of_literal("Forwarded"), .close = true};
  }
  if (!carries_token(request)) {
    note("Rejecting request with incorrect SSRF token");
    return ServerResponse{.status = 403, .body = SharedBytes::of_literal("Bad Token"), .close = true};
  }
  return std::nullopt;
}

bool SsrfGuard::carries_token(const ServerRequest& request) const {
  // Every field is compared, so that the time does not show which one matched.
  bool carried = false;
  for (const ServerField& field : request.fields())
    for (const std::string& name : headers_)
      if (equals_ignoring_case(field.name, name)) carried |= equal_in_constant_time(field.value, token_.view());
  return carried;
}

void SsrfGuard::note(std::string_view message) {
  const TimePoint now = scheduler_.now();
  if (now - second_ >= Seconds(1)) {
    run();
    second_ = now;
    lines_ = 0;
  }
  if (++lines_ <= kLinesASecond) return log_.error(message);
  if (left_out_++ == 0) arm(second_ + Seconds(1));
}

void SsrfGuard::run() {
  if (left_out_ > 0) log_.error("Rejected requests left out of the log", {{"count", left_out_}});
  left_out_ = 0;
}

}  // namespace sma
