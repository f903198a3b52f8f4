#include "http_server/head_parser.h"

#include <algorithm>
#include <cstring>

#include "base/ascii.h"
#include "http_server/characters.h"
#include "http_server/target.h"

namespace sma {
namespace {

std::optional<Refusal> parse_version(std::string_view version, ServerRequest& request) {
  constexpr std::string_view kName = "HTTP/";
  const bool well_formed = version.size() == kName.size() + 3 && version.starts_with(kName) && is_digit(version[5]) &&
                           version[6] == '.' && is_digit(version[7]);
  if (!well_formed) return Refusal{400, "bad HTTP version"};
  if (version[5] != '1') return Refusal{505, "HTTP version not supported"};
  request.minor_version = version[7] == '0' ? 0 : 1;
  return std::nullopt;
}

std::optional<Refusal> parse_request_line(std::string_view line, ServerRequest& request) {
  const auto method_end = line.find(' ');
  const auto target_end = line.rfind(' ');
  if (method_end == line.npos || method_end == target_end) return Refusal{400, "bad request line"};
  request.method = line.substr(0, method_end);
  if (request.method.empty()) return Refusal{400, "bad method"};
  if (auto refusal = parse_version(line.substr(target_end + 1), request)) return refusal;
  return read_target(line.substr(method_end + 1, target_end - method_end - 1), request);
}

}  // namespace

/// `length`: bytes that have arrived of a line.
std::optional<Refusal> HeadParser::check_length(std::size_t length) const {
  // The last byte may be the CR that ends it.
  if (lines_ == 0 && length > kMaxRequestLine + 1) return Refusal{414, "request line too long"};
  if (line_start_ + length >= kMaxHead) return Refusal{431, "request head too large"};
  return std::nullopt;
}

/// `line` is what has arrived of a line before its LF. A line that cannot become valid any more is refused at once:
/// bytes that are not HTTP, for example the first of TLS, may never contain an LF.
std::optional<Refusal> HeadParser::check_start(std::string_view line, ServerRequest& request) const {
  const std::size_t cr = line.find('\r', scanned_ > line_start_ ? scanned_ - line_start_ - 1 : 0);
  const bool bare_cr = cr != line.npos && cr + 1 < line.size();
  if (lines_ == 0) {
    const std::string_view method = line.substr(0, std::min(line.find(' '), cr));
    if (!characters::all(method, characters::kToken)) return Refusal{400, "bad method"};
    if (bare_cr) return Refusal{400, "bare CR in the request line"};
  } else if (bare_cr) {
    return parse_field(line.substr(0, cr + 1), request);
  }
  return std::nullopt;
}

Progress HeadParser::parse(std::string_view bytes, ServerRequest& request) {
  const bool in_pieces = line_start_ != 0;
  const std::string_view head = bytes.substr(0, kMaxHead);
  request.clear_fields();
  for (;;) {
    const void* found = scanned_ < head.size() ? std::memchr(&head[scanned_], '\n', head.size() - scanned_) : nullptr;
    const auto end =
        found == nullptr ? head.size() : static_cast<std::size_t>(static_cast<const char*>(found) - head.data());
    const bool whole = found != nullptr && end != line_start_ && head[end - 1] == '\r';
    if (lines_ == 0 || !whole) {
      if (auto refusal = check_start(head.substr(line_start_, end - line_start_), request)) return *refusal;
    }
    if (auto refusal = check_length(end - line_start_)) return *refusal;
    if (found == nullptr) {
      scanned_ = static_cast<std::uint32_t>(head.size());
      return Progress::State::incomplete;
    }
    if (!whole) return Refusal{400, "line does not end in CR LF"};

    const std::string_view line = head.substr(line_start_, end - 1 - line_start_);
    const bool last = line.empty() && lines_ != 0;
    if (!last) {
      if (auto refusal = parse_line(line, request)) return *refusal;
    }
    line_start_ = scanned_ = static_cast<std::uint32_t>(end + 1);
    ++lines_;
    if (last) break;
  }
  if (!in_pieces) return Progress::State::complete;
  // `request` does not have the lines of earlier calls: the whole head is parsed once more.
  const std::size_t size = line_start_;
  reset();
  return parse(bytes.substr(0, size), request);
}

std::optional<Refusal> HeadParser::parse_line(std::string_view line, ServerRequest& request) const {
  return lines_ == 0 ? parse_request_line(line, request) : parse_field(line, request);
}

std::optional<Refusal> HeadParser::parse_field(std::string_view line, ServerRequest& request) const {
  if (lines_ > ServerRequest::kMaxFields) return Refusal{431, "too many header fields"};
  std::size_t colon = 0;
  while (colon < line.size() && characters::is(line[colon], characters::kToken)) ++colon;
  if (colon == 0 || colon == line.size() || line[colon] != ':') {
    const bool folded = colon == 0 && characters::is_blank(line[0]);
    return Refusal{400, folded ? "folded header field" : "bad header field name"};
  }
  const std::string_view value = line.substr(colon + 1);
  if (!characters::all(value, characters::kFieldValue)) return Refusal{400, "bad header field value"};
  request.add_field({line.substr(0, colon), characters::trim(value)});
  return std::nullopt;
}

}  // namespace sma
