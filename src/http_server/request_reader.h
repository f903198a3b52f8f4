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

/// Turns the bytes of one connection into requests, one after the other. Pure: whoever owns the socket reads into
/// `space`, says how much with `add`, and asks with `read` what has come of it.
///
/// Holds a buffer only while there is something in it. The buffer grows for a large head and shrinks behind it; what a
/// request used of it is wiped when the request is finished, a body as soon as it is read over.
class RequestReader {
 public:
  enum class State : std::uint8_t { incomplete, ready, refused };

  explicit RequestReader(BufferPool& pool) : pool_(pool) {}
  ~RequestReader() { drop(); }
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  /// Where the next bytes go, never empty unless the pool is exhausted: `read` then refuses.
  [[nodiscard]] std::span<char> space();
  void add(std::size_t count) { end_ += count; }

  /// Reads on in what is there. When ready, `request` is filled in and valid until `finish`.
  State read(ServerRequest& request);
  /// Drops the request that was ready and goes on to the one behind it.
  void finish();
  /// Drops all that is there, for a connection on which no further request is read.
  void drop();

  /// True where nothing of a request has come yet.
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  [[nodiscard]] bool in_body() const { return in_body_; }
  /// True where the request in hand is a HEAD, also one that was refused: its answer has no body.
  [[nodiscard]] bool is_head() const { return unread().starts_with("HEAD "); }
  /// Once ready: whether the client wants the connection to stay.
  [[nodiscard]] bool keep_alive() const { return framing_.keep_alive; }
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }
  /// True once where the client waits for a 100 before it sends its body, and has not sent any of it.
  [[nodiscard]] bool take_continue();

 private:
  [[nodiscard]] std::string_view unread() const { return {buffer_.data() + begin_, end_ - begin_}; }
  State refuse(const Refusal& refusal);
  bool skip_blank_lines();
  State read_head(ServerRequest& request);
  State read_body(ServerRequest& request, bool request_filled);
  bool make_room(std::size_t wanted);
  bool move_to(Buffer larger);

  BufferPool& pool_;
  Buffer buffer_;
  std::size_t begin_ = 0;  // of the request in hand
  std::size_t end_ = 0;    // of what was read
  std::size_t used_ = 0;   // bytes of the request that is ready
  std::size_t blank_lines_ = 0;
  bool in_body_ = false;
  bool refused_ = false;
  bool continue_wanted_ = false;
  HeadParser parser_;
  Framing framing_;
  BodyReader body_;
  Refusal refusal_{};
};

}  // namespace sma
