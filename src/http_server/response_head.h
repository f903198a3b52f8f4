#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http_server/handler.h"

namespace sma {

/// What an answer says about its connection. `keep_alive` is for HTTP/1.0 only, which closes unless it is said.
enum class Persistence : std::uint8_t { unsaid, keep_alive, close };

/// The head of an answer: status line, fields, blank line, written without allocating. Source: RFC 9112 §4,
/// RFC 9110 §15 (reasons), RFC 6585 (429, 431).
class ResponseHead {
 public:
  /// `date_line`: with its CR LF. A status that does not allow a body is replaced by 502.
  ResponseHead(const ServerResponse& response, std::string_view date_line, Persistence persistence);
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  void append(std::string_view text);
  void append_number(std::size_t number);

  int status_;
  std::array<char, 512> bytes_;
  std::size_t size_ = 0;
};

}  // namespace sma
