#include "http_server/request_reader.h"

#include <algorithm>
#include <cstring>

#include "base/wiped_bytes.h"

namespace sma {
namespace {

/// RFC 9112 §2.2 asks servers to ignore at least one empty line before a request.
constexpr std::size_t kMaxBlankLines = 4;
/// Room for a body even if its head nearly fills the buffer, so that it is not read a few bytes at a time.
constexpr std::size_t kBodySpace = 512;
/// The largest head, and room for the pieces of its body.
constexpr std::size_t kLargest = HeadParser::kMaxHead + BufferPool::kSmall;

}  // namespace

std::span<char> RequestReader::space() {
  if (buffer_.size() == 0) buffer_ = pool_.small();
  if (!make_room(in_body_ ? kBodySpace : 1) && buffer_.size() == end_) {
    exhausted_ = true;
    return {};
  }
  return {buffer_.data() + end_, buffer_.size() - end_};
}

bool RequestReader::make_room(std::size_t wanted) {
  if (buffer_.size() - end_ >= wanted) return true;
  if (begin_ != 0) {
    const std::uint32_t size = end_ - begin_;
    std::memmove(buffer_.data(), buffer_.data() + begin_, size);
    wipe(buffer_.data() + size, end_ - size);
    begin_ = 0;
    end_ = size;
    if (buffer_.size() - end_ >= wanted) return true;
  }
  const std::size_t doubled = buffer_.size() * 2;
  return move_to(pool_.large(doubled > HeadParser::kMaxHead ? kLargest : doubled));
}

bool RequestReader::move_to(Buffer other) {
  if (other.size() == 0) return false;
  const std::uint32_t size = end_ - begin_;
  std::memcpy(other.data(), buffer_.data() + begin_, size);
  drop();
  end_ = size;
  buffer_ = std::move(other);
  return true;
}

void RequestReader::drop() {
  if (begin_ != end_) wipe(buffer_.data() + begin_, end_ - begin_);
  begin_ = end_ = 0;
  buffer_.give_back();
}

Progress RequestReader::read(ServerRequest& request) {
  if (exhausted_) return Refusal{431, "too many large request heads at once"};
  if (in_body_) return read_body(request, false);
  if (!skip_blank_lines()) return Progress::State::incomplete;
  return read_head(request);
}

/// False if nothing else is there.
bool RequestReader::skip_blank_lines() {
  while (blank_lines_ < kMaxBlankLines && unread().starts_with("\r\n")) {
    begin_ += 2;
    ++blank_lines_;
  }
  if (!empty()) return unread() != "\r" || blank_lines_ == kMaxBlankLines;
  drop();
  return false;
}

Progress RequestReader::read_head(ServerRequest& request) {
  const Progress parsed = parser_.parse(unread(), request);
  if (parsed.state != Progress::State::complete) return parsed;
  if (const auto refusal = read_framing(request, framing_)) return *refusal;
  used_ = static_cast<std::uint32_t>(parser_.size());
  if (framing_.body == Framing::Body::none) return Progress::State::complete;
  in_body_ = true;
  body_.begin(framing_);
  continue_wanted_ = framing_.expects_continue && begin_ + used_ == end_;
  return read_body(request, true);
}

Progress RequestReader::read_body(ServerRequest& request, bool request_filled) {
  const std::size_t head = parser_.size();
  const std::string_view arrived = unread().substr(head);
  const std::size_t taken = body_.feed(arrived);
  const Progress progress = body_.progress();
  if (progress.state == Progress::State::incomplete) {
    end_ -= static_cast<std::uint32_t>(arrived.size());
    wipe(buffer_.data() + end_, arrived.size());
  }
  if (progress.state != Progress::State::complete) return progress;
  used_ = static_cast<std::uint32_t>(head + taken);
  if (!request_filled) {
    parser_.reset();
    parser_.parse(unread().substr(0, head), request);
  }
  return Progress::State::complete;
}

void RequestReader::finish() {
  wipe(buffer_.data() + begin_, used_);
  begin_ += used_;
  blank_lines_ = 0;
  in_body_ = false;
  continue_wanted_ = false;
  parser_.reset();
  if (empty()) {
    drop();
  } else if (buffer_.size() > BufferPool::kSmall && end_ - begin_ <= BufferPool::kSmall) {
    move_to(pool_.small());
  }
}

bool RequestReader::take_continue() { return std::exchange(continue_wanted_, false); }

}  // namespace sma
