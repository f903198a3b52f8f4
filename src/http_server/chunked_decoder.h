#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http_server/progress.h"

namespace sma {

/// Reads a chunked body to its end, exactly by the grammar: chunk sizes are bare hexadecimal digits, extensions
/// and trailer fields are well-formed, every line and chunk ends in CR LF. Content, extensions and trailers are
/// ignored. Pure; its state is a few numbers, however the body is cut into pieces. Source: RFC 9112 §7.1.
class ChunkedDecoder {
 public:
  static constexpr std::size_t kMaxExtensions = 8192;  ///< bytes of all extensions of a body; more: 400
  static constexpr std::size_t kMaxTrailers = 65536;   ///< bytes, and `ServerRequest::kMaxFields` fields; more: 431

  /// `max_content`: bytes; a chunk that exceeds it is refused with 413 as soon as its size is read.
  explicit ChunkedDecoder(std::size_t max_content) : content_left_(max_content) {}

  /// Reads the next bytes and returns how many it used: all of them unless the body ends among them or is refused.
  std::size_t feed(std::string_view bytes);
  [[nodiscard]] Progress progress() const {
    if (state_ == State::refused) return refusal_;
    return state_ == State::complete ? Progress::State::complete : Progress::State::incomplete;
  }

 private:
  enum class State : std::uint8_t {
    size_start,       // the first digit of a chunk's size
    size,             // another digit, or what ends it
    extension_blank,  // white space before a semicolon
    extension_start,  // after the semicolon
    extension_name,
    extension_name_blank,  // white space after the name
    extension_value_start,
    extension_value,
    extension_quoted,
    extension_escape,     // after a backslash in a quoted value
    extension_value_end,  // after a quoted value
    size_line_end,        // the LF
    data,
    data_cr,
    data_lf,
    trailer_start,  // the first byte of a trailer line
    trailer_name,
    trailer_value,
    trailer_line_end,
    last_lf,
    complete,
    refused,
  };

  void take(char byte);
  void take_size(char byte);
  void take_extension(char byte);
  void take_trailer(char byte);
  void end_size_line();
  void expect(char byte, char wanted, State next);
  void refuse(int status, std::string_view reason);

  State state_ = State::size_start;
  // Small numbers in few bytes: each idle connection has them.
  std::uint32_t digits_ = 0;
  std::uint32_t extension_bytes_ = 0;
  std::uint32_t trailer_bytes_ = 0;
  std::uint32_t trailers_ = 0;
  std::size_t content_left_;
  std::size_t chunk_left_ = 0;
  Refusal refusal_{};
};

}  // namespace sma
