#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http_server/request.h"

namespace sma {

/// Reads the head of a request: request line, field lines, blank line. Pure, and strict where laxness invites
/// smuggling: every line ends in CR LF, no line begins with white space, nothing but a colon behind a field's name, no
/// control characters. What a head says about its message as a whole is `Framing`'s business.
///
/// A head may come in any pieces: each call is given all of it that is there, and looks at no line twice but for a
/// second pass over a head that came in more than one. The verdict does not depend on how it was cut. Source: RFC 9112
/// §2 to §5.
class HeadParser {
 public:
  static constexpr std::size_t kMaxRequestLine = 8192;  ///< bytes, CR LF not counted; longer: 414
  static constexpr std::size_t kMaxHead = 65536;        ///< bytes with the blank line; longer: 431

  enum class Progress : std::uint8_t { incomplete, complete, refused };

  /// `bytes` begins with the request line and may hold more than the head. When complete, `request` is filled in: its
  /// views point into `bytes`.
  Progress parse(std::string_view bytes, ServerRequest& request);

  /// Once complete: bytes of the head, blank line included.
  [[nodiscard]] std::size_t size() const { return line_start_; }
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }
  void reset() { *this = HeadParser(); }

 private:
  Progress refuse(int status, std::string_view reason);
  Progress refuse_if_hopeless(std::string_view line, ServerRequest& request);
  Progress refuse_if_too_long(std::size_t length);
  bool parse_line(std::string_view line, ServerRequest& request);
  bool parse_request_line(std::string_view line, ServerRequest& request);
  bool parse_version(std::string_view version, ServerRequest& request);
  bool parse_field(std::string_view line, ServerRequest& request);

  std::size_t line_start_ = 0;  // of the first line not looked at yet
  std::size_t scanned_ = 0;     // no LF between line_start_ and here
  std::size_t lines_ = 0;
  Refusal refusal_{};
};

}  // namespace sma
