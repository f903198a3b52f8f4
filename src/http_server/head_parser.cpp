#include "http_server/head_parser.h"

#include <algorithm>
#include <cstring>

#include "http_server/characters.h"
#include "http_server/target.h"

namespace sma {

HeadParser::Progress HeadParser::refuse(int status, std::string_view reason) {
  refusal_ = {status, reason};
  return Progress::refused;
}

/// `length`: bytes that are there of a line whose end is not.
HeadParser::Progress HeadParser::refuse_if_too_long(std::size_t length) {
  // The last byte may be the CR that ends it.
  if (lines_ == 0 && length > kMaxRequestLine + 1) return refuse(414, "request line too long");
  if (line_start_ + length >= kMaxHead) return refuse(431, "request head too large");
  return Progress::incomplete;
}

/// `line` is there up to its LF, or as far as it came. What is wrong however it goes on is not waited for: bytes that
/// are no HTTP, such as the first of TLS, may never have an LF.
HeadParser::Progress HeadParser::refuse_if_hopeless(std::string_view line, ServerRequest& request) {
  const std::size_t cr = line.find('\r', scanned_ > line_start_ ? scanned_ - line_start_ - 1 : 0);
  const bool bare_cr = cr != line.npos && cr + 1 < line.size();
  if (lines_ == 0) {
    const std::string_view method = line.substr(0, std::min(line.find(' '), cr));
    if (!characters::all(method, characters::kToken)) return refuse(400, "bad method");
    if (bare_cr) return refuse(400, "bare CR in the request line");
  } else if (bare_cr && !parse_field(line.substr(0, cr + 1), request)) {
    return Progress::refused;
  }
  return Progress::incomplete;
}

HeadParser::Progress HeadParser::parse(std::string_view bytes, ServerRequest& request) {
  const bool in_pieces = line_start_ != 0;
  const std::string_view head = bytes.substr(0, kMaxHead);
  request.clear_fields();
  for (;;) {
    const void* found = scanned_ < head.size() ? std::memchr(&head[scanned_], '\n', head.size() - scanned_) : nullptr;
    const auto end =
        found == nullptr ? head.size() : static_cast<std::size_t>(static_cast<const char*>(found) - head.data());
    const bool whole = found != nullptr && end != line_start_ && head[end - 1] == '\r';
    if ((lines_ == 0 || !whole) &&
        refuse_if_hopeless(head.substr(line_start_, end - line_start_), request) == Progress::refused)
      return Progress::refused;
    if (refuse_if_too_long(end - line_start_) == Progress::refused) return Progress::refused;
    if (found == nullptr) {
      scanned_ = head.size();
      return Progress::incomplete;
    }
    if (!whole) return refuse(400, "line does not end in CR LF");

    const std::string_view line = head.substr(line_start_, end - 1 - line_start_);
    const bool last = line.empty() && lines_ != 0;
    if (!last && !parse_line(line, request)) return Progress::refused;
    line_start_ = scanned_ = end + 1;
    ++lines_;
    if (last) break;
  }
  if (!in_pieces) return Progress::complete;
  // Lines of earlier calls are not in `request`: once more, all of it.
  const std::size_t size = line_start_;
  reset();
  return parse(bytes.substr(0, size), request);
}

bool HeadParser::parse_line(std::string_view line, ServerRequest& request) {
  return lines_ == 0 ? parse_request_line(line, request) : parse_field(line, request);
}

bool HeadParser::parse_request_line(std::string_view line, ServerRequest& request) {
  const auto method_end = line.find(' ');
  const auto target_end = line.rfind(' ');
  if (method_end == line.npos || method_end == target_end) {
    refuse(400, "bad request line");
    return false;
  }
  request.method = line.substr(0, method_end);
  if (request.method.empty()) {
    refuse(400, "bad method");
    return false;
  }
  if (!parse_version(line.substr(target_end + 1), request)) return false;
  if (const auto refusal = read_target(line.substr(method_end + 1, target_end - method_end - 1), request)) {
    refusal_ = *refusal;
    return false;
  }
  return true;
}

bool HeadParser::parse_version(std::string_view version, ServerRequest& request) {
  constexpr std::string_view kName = "HTTP/";
  const bool well_formed = version.size() == kName.size() + 3 && version.starts_with(kName) &&
                           characters::is(version[5], characters::kDigit) && version[6] == '.' &&
                           characters::is(version[7], characters::kDigit);
  if (!well_formed) {
    refuse(400, "bad HTTP version");
    return false;
  }
  if (version[5] != '1') {
    refuse(505, "HTTP version not supported");
    return false;
  }
  request.minor_version = version[7] == '0' ? 0 : 1;
  return true;
}

bool HeadParser::parse_field(std::string_view line, ServerRequest& request) {
  if (lines_ > ServerRequest::kMaxFields) {
    refuse(431, "too many header fields");
    return false;
  }
  std::size_t colon = 0;
  while (colon < line.size() && characters::is(line[colon], characters::kToken)) ++colon;
  if (colon == 0 || colon == line.size() || line[colon] != ':') {
    const bool folded = colon == 0 && characters::is_blank(line[0]);
    refuse(400, folded ? "folded header field" : "bad header field name");
    return false;
  }
  const std::string_view value = line.substr(colon + 1);
  if (!characters::all(value, characters::kFieldValue)) {
    refuse(400, "bad header field value");
    return false;
  }
  request.add_field({line.substr(0, colon), characters::trim(value)});
  return true;
}

}  // namespace sma
