#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "http_server/progress.h"

namespace sma {

/// Reads the head of a request: request line, field lines, blank line. Pure, and strict in all that request
/// smuggling uses: every line ends in CR LF, no line begins with white space, a field's name is followed by its colon
/// at once, there are no control characters. What a head says about its message as a whole is read by `Framing`.
///
/// A head may arrive in any pieces. Each call gets all of the head that is there, and looks at no line twice, except
/// for a second pass over a head that arrived in several pieces. The verdict does not depend on the place of the cut.
/// Source: RFC 9112 §2 to §5.
class HeadParser {
 public:
  static constexpr std::size_t kMaxRequestLine = 8192;  ///< bytes, CR LF not counted; longer: 414
  static constexpr std::size_t kMaxHead = 65536;        ///< bytes with the blank line; longer: 431

  /// `bytes` begins with the request line and may hold more than the head. When complete, `request` is filled in: its
  /// views point into `bytes`.
  Progress parse(std::string_view bytes, ServerRequest& request);

  /// When complete: bytes of the head with its blank line.
  [[nodiscard]] std::size_t size() const { return line_start_; }
  void reset() { *this = HeadParser(); }

 private:
  // Each returns why the line is refused, if it is.
  [[nodiscard]] std::optional<Refusal> check_start(std::string_view line, ServerRequest& request) const;
  [[nodiscard]] std::optional<Refusal> check_length(std::size_t length) const;
  [[nodiscard]] std::optional<Refusal> parse_line(std::string_view line, ServerRequest& request) const;
  [[nodiscard]] std::optional<Refusal> parse_field(std::string_view line, ServerRequest& request) const;

  // At most `kMaxHead`, in few bytes: each idle connection has them.
  std::uint32_t line_start_ = 0;  // of the first line that is not parsed yet
  std::uint32_t scanned_ = 0;     // no LF between line_start_ and here
  std::uint32_t lines_ = 0;
};

}  // namespace sma
