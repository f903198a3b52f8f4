#include "agent/own_requests.h"

#include <utility>

namespace sma {

bool is_read(const ServerRequest& request) { return request.method == "GET" || request.method == "HEAD"; }

ServerResponse text_answer(int status, std::string_view literal) {
  return {.status = status, .body = SharedBytes::of_literal(literal)};
}

ServerResponse not_allowed(std::string_view allow) {
  ServerResponse response = text_answer(405, "Not allowed");
  response.field_line = allow;
  return response;
}

ServerResponse only_reads() { return not_allowed("Allow: GET, HEAD\r\n"); }
ServerResponse over_limit() { return text_answer(429, "Connection limit exceeded"); }
ServerResponse ping_answer() { return text_answer(200, "healthy"); }
ServerResponse ready_answer(bool ready) { return ready ? text_answer(200, "ready") : text_answer(503, "not ready"); }

ServerResponse metrics_answer(SharedBytes text) {
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = std::move(text)};
}

}  // namespace sma
