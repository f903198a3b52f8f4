#include "http_server/chunked_decoder.h"

#include <algorithm>

#include "base/hex.h"
#include "http_server/characters.h"

namespace sma {
namespace {

constexpr std::size_t kMaxSizeDigits = 16;

}  // namespace

std::size_t ChunkedDecoder::feed(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size() && state_ != State::complete && state_ != State::refused) {
    if (state_ == State::data) {
      const std::size_t taken = std::min(chunk_left_, bytes.size() - at);
      chunk_left_ -= taken;
      at += taken;
      if (chunk_left_ == 0) state_ = State::data_cr;
    } else {
      take(bytes[at++]);
    }
  }
  return at;
}

void ChunkedDecoder::take(char byte) {
  switch (state_) {
    case State::size_start:
    case State::size:
      return take_size(byte);
    case State::size_line_end:
      if (byte == '\n') return end_size_line();
      return refuse(400, "bad chunk size line");
    case State::data_cr:
      return expect(byte, '\r', State::data_lf);
    case State::data_lf:
      return expect(byte, '\n', State::size_start);
    case State::trailer_start:
    case State::trailer_name:
    case State::trailer_value:
    case State::trailer_line_end:
      return take_trailer(byte);
    case State::last_lf:
      return expect(byte, '\n', State::complete);
    default:
      return take_extension(byte);
  }
}

void ChunkedDecoder::take_size(char byte) {
  if (const auto digit = hex_digit_value(byte)) {
    if (++digits_ > kMaxSizeDigits) return refuse(400, "bad chunk size");
    chunk_left_ = chunk_left_ * 16 + *digit;
    state_ = State::size;
  } else if (state_ == State::size && byte == '\r') {
    state_ = State::size_line_end;
  } else if (state_ == State::size && (byte == ';' || characters::is_blank(byte))) {
    state_ = State::extension_blank;
    take_extension(byte);
  } else {
    refuse(400, "bad chunk size");
  }
}

void ChunkedDecoder::end_size_line() {
  digits_ = 0;
  if (chunk_left_ > content_left_) return refuse(413, "request body too large");
  content_left_ -= chunk_left_;
  state_ = chunk_left_ == 0 ? State::trailer_start : State::data;
}

// chunk-ext = *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )
void ChunkedDecoder::take_extension(char byte) {
  if (++extension_bytes_ > kMaxExtensions) return refuse(400, "chunk extensions too long");
  const bool blank = characters::is_blank(byte);
  const bool token = characters::is(byte, characters::kToken);
  const bool named = state_ == State::extension_name || state_ == State::extension_name_blank;
  switch (state_) {
    case State::extension_quoted:
    case State::extension_escape:
      if (!characters::is(byte, characters::kFieldValue)) break;
      if (state_ == State::extension_escape) {
        state_ = State::extension_quoted;
      } else if (byte == '\\') {
        state_ = State::extension_escape;
      } else if (byte == '"') {
        state_ = State::extension_value_end;
      }
      return;
    case State::extension_start:
      if (token) state_ = State::extension_name;
      if (token || blank) return;
      break;
    case State::extension_value_start:
      if (token) state_ = State::extension_value;
      if (byte == '"') state_ = State::extension_quoted;
      if (token || blank || byte == '"') return;
      break;
    default:
      if (byte == ';') return void(state_ = State::extension_start);
      if (byte == '=' && named) return void(state_ = State::extension_value_start);
      if (token && (state_ == State::extension_name || state_ == State::extension_value)) return;
      if (blank) return void(state_ = named ? State::extension_name_blank : State::extension_blank);
      // White space is allowed before a semicolon and an equals sign only.
      if (byte == '\r' && state_ != State::extension_blank && state_ != State::extension_name_blank)
        return void(state_ = State::size_line_end);
  }
  refuse(400, "bad chunk extension");
}

void ChunkedDecoder::take_trailer(char byte) {
  if (++trailer_bytes_ > kMaxTrailers) return refuse(431, "trailer section too large");
  switch (state_) {
    case State::trailer_start:
      if (byte == '\r') return void(state_ = State::last_lf);
      if (!characters::is(byte, characters::kToken)) break;
      if (++trailers_ > ServerRequest::kMaxFields) return refuse(431, "too many trailer fields");
      return void(state_ = State::trailer_name);
    case State::trailer_name:
      if (byte == ':') state_ = State::trailer_value;
      if (byte == ':' || characters::is(byte, characters::kToken)) return;
      break;
    case State::trailer_value:
      if (byte == '\r') state_ = State::trailer_line_end;
      if (byte == '\r' || characters::is(byte, characters::kFieldValue)) return;
      break;
    default:
      if (byte == '\n') return void(state_ = State::trailer_start);
  }
  refuse(400, "bad trailer field");
}

void ChunkedDecoder::expect(char byte, char wanted, State next) {
  if (byte != wanted) return refuse(400, "bad chunk end");
  state_ = next;
}

void ChunkedDecoder::refuse(int status, std::string_view reason) {
  state_ = State::refused;
  refusal_ = {status, reason};
}

}  // namespace sma
