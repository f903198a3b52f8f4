#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "http_server/body_reader.h"
#include "http_server/buffer_pool.h"
#include "http_server/framing.h"
#include "http_server/head_parser.h"

namespace sma {

/// Turns the bytes of one connection into requests, one after the other. Pure: the owner of the socket reads into
/// `space`, calls `add` with the number of bytes, and `read` for the request that they complete.
///
/// Holds a buffer only while there is something in it. The buffer grows for a large head and shrinks after it. What a
/// request used of it is wiped when the request is finished; a body is wiped as soon as it is read.
class RequestReader {
 public:
  explicit RequestReader(BufferPool& pool) : pool_(pool) {}
  ~RequestReader() { drop(); }
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  /// The room for the next bytes. Empty only if the pool is exhausted: `read` then refuses.
  [[nodiscard]] std::span<char> space();
  void add(std::size_t count) { end_ += static_cast<std::uint32_t>(count); }

  /// Reads what is there. When complete, `request` is filled in and valid until `finish`. When refused, nothing more is
  /// read from this client.
  Progress read(ServerRequest& request);
  /// Drops the complete request, so that the next one can be read.
  void finish();
  /// Drops all that is there. No further request is read.
  void drop();

  /// True if nothing of a request has arrived yet.
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  [[nodiscard]] bool in_body() const { return in_body_; }
  /// True if the request in hand is a HEAD, also if it was refused: its answer has no body.
  [[nodiscard]] bool is_head() const { return unread().starts_with("HEAD "); }
  /// When complete: whether the client wants the connection kept open.
  [[nodiscard]] bool keep_alive() const { return framing_.keep_alive; }
  /// True once if the client waits for a 100 before it sends its body, and has sent nothing of it.
  [[nodiscard]] bool take_continue();

 private:
  [[nodiscard]] std::string_view unread() const { return {buffer_.data() + begin_, end_ - begin_}; }
  bool skip_blank_lines();
  Progress read_head(ServerRequest& request);
  Progress read_body(ServerRequest& request, bool request_filled);
  bool make_room(std::size_t wanted);
  bool move_to(Buffer larger);

  BufferPool& pool_;
  Buffer buffer_;
  // At most the largest buffer, in few bytes: each idle connection has them.
  std::uint32_t begin_ = 0;  // of the request in hand
  std::uint32_t end_ = 0;    // of what was read
  std::uint32_t used_ = 0;   // bytes of the complete request
  std::uint32_t blank_lines_ = 0;
  bool in_body_ = false;
  bool exhausted_ = false;  // the pool has no room for a larger head
  bool continue_wanted_ = false;
  HeadParser parser_;
  Framing framing_;
  BodyReader body_;
};

}  // namespace sma
