#include "http_server/response_head.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace sma {
namespace {

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 417:
      return "Expectation Failed";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";
  }
}

bool may_have_body(int status) {
  return status >= 200 && status <= 599 && status != 204 && status != 205 && status != 304;
}

}  // namespace

ResponseHead::ResponseHead(const ServerResponse& response, std::string_view date_line, Persistence persistence)
    : status_(may_have_body(response.status) ? response.status : 502) {
  append("HTTP/1.1 ");
  append_number(static_cast<std::size_t>(status_));
  append(" ");
  append(reason_phrase(status_));
  append("\r\nContent-Type: ");
  append(response.content_type);
  append("\r\nContent-Length: ");
  append_number(response.body.size());
  append("\r\n");
  append(date_line);
  append("Cache-Control: no-store\r\n");
  append(response.field_line);
  if (status_ == 429 || status_ == 503) append("Retry-After: 1\r\n");
  if (persistence == Persistence::close) append("Connection: close\r\n");
  if (persistence == Persistence::keep_alive) append("Connection: keep-alive\r\n");
  append("\r\n");
}

void ResponseHead::append(std::string_view text) {
  // Only our own literals come here; one that does not fit would be a fault of the code.
  const std::size_t taken = std::min(text.size(), bytes_.size() - size_);
  std::memcpy(bytes_.data() + size_, text.data(), taken);
  size_ += taken;
}

void ResponseHead::append_number(std::size_t number) {
  const auto written = std::to_chars(bytes_.data() + size_, bytes_.data() + bytes_.size(), number);
  size_ = static_cast<std::size_t>(written.ptr - bytes_.data());
}

}  // namespace sma
