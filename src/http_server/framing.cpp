#include "http_server/framing.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/whole_number.h"
#include "http_server/body_reader.h"
#include "http_server/characters.h"
#include "http_server/target.h"

namespace sma {
namespace {

/// Takes the first member off a list; empty members are allowed (RFC 9110 §5.6.1).
std::string_view take_member(std::string_view& list) {
  const auto comma = std::min(list.find(','), list.size());
  const auto member = characters::trim(list.substr(0, comma));
  list.remove_prefix(std::min(comma + 1, list.size()));
  return member;
}

class FramingReader {
 public:
  FramingReader(const ServerRequest& request, Framing& framing) : request_(request), framing_(framing) {}

  std::optional<Refusal> read() {
    for (const ServerField& field : request_.fields()) {
      if (auto refusal = take(field)) return refusal;
    }
    return conclude();
  }

 private:
  // The names of the few fields that matter here differ in length.
  std::optional<Refusal> take(const ServerField& field) {
    switch (field.name.size()) {
      case 4:
        return equals_ignoring_case(field.name, "Host") ? take_host(field.value) : std::nullopt;
      case 6:
        return equals_ignoring_case(field.name, "Expect") ? take_expectation(field.value) : std::nullopt;
      case 10:
        if (equals_ignoring_case(field.name, "Connection")) take_connection(field.value);
        return std::nullopt;
      case 14:
        return equals_ignoring_case(field.name, "Content-Length") ? take_length(field.value) : std::nullopt;
      case 17:
        return equals_ignoring_case(field.name, "Transfer-Encoding") ? take_coding(field.value) : std::nullopt;
      default:
        return std::nullopt;
    }
  }

  std::optional<Refusal> take_host(std::string_view value) {
    if (has_host_) return Refusal{400, "repeated Host"};
    has_host_ = true;
    if (!is_host_value(value)) return Refusal{400, "bad Host"};
    return std::nullopt;
  }

  std::optional<Refusal> take_expectation(std::string_view value) {
    if (request_.minor_version == 0) return std::nullopt;
    while (!value.empty()) {
      const auto expectation = take_member(value);
      if (equals_ignoring_case(expectation, "100-continue")) {
        framing_.expects_continue = true;
      } else if (!expectation.empty()) {
        unknown_expectation_ = true;
      }
    }
    return std::nullopt;
  }

  void take_connection(std::string_view value) {
    while (!value.empty()) {
      const auto option = take_member(value);
      if (equals_ignoring_case(option, "close")) close_ = true;
      if (equals_ignoring_case(option, "keep-alive")) keep_alive_ = true;
    }
  }

  std::optional<Refusal> take_length(std::string_view value) {
    if (has_length_) return Refusal{400, "repeated Content-Length"};
    has_length_ = true;
    if (value.empty() || !std::ranges::all_of(value, is_digit)) return Refusal{400, "bad Content-Length"};
    const auto length = whole_number<std::size_t>(value);
    if (length) framing_.length = *length;
    // Only digits, but not a number: there are too many of them.
    too_large_ = !length || *length > BodyReader::kMaxBody;
    return std::nullopt;
  }

  std::optional<Refusal> take_coding(std::string_view value) {
    if (has_coding_ || !equals_ignoring_case(value, "chunked")) return Refusal{400, "unknown transfer coding"};
    has_coding_ = true;
    return std::nullopt;
  }

  std::optional<Refusal> conclude() {
    if (!has_host_ && request_.minor_version != 0) return Refusal{400, "missing Host"};
    if (has_coding_ && has_length_) return Refusal{400, "Content-Length with Transfer-Encoding"};
    if (has_coding_ && request_.minor_version == 0) return Refusal{400, "Transfer-Encoding in HTTP/1.0"};
    if (unknown_expectation_) return Refusal{417, "unknown expectation"};
    if (too_large_) return BodyReader::kTooLarge;
    if (has_coding_) {
      framing_.body = Framing::Body::chunked;
    } else if (framing_.length != 0) {
      framing_.body = Framing::Body::length;
    }
    // What follows a refused CONNECT may be meant for the tunnel.
    framing_.keep_alive = !close_ && (keep_alive_ || request_.minor_version != 0) && request_.method != "CONNECT";
    return std::nullopt;
  }

  const ServerRequest& request_;
  Framing& framing_;
  bool has_host_ = false;
  bool has_length_ = false;
  bool has_coding_ = false;
  bool too_large_ = false;
  bool unknown_expectation_ = false;
  bool close_ = false;
  bool keep_alive_ = false;
};

}  // namespace

std::optional<Refusal> read_framing(const ServerRequest& request, Framing& framing) {
  framing = {};
  return FramingReader(request, framing).read();
}

}  // namespace sma
