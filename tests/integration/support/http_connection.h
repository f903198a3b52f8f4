#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "tests/standin/http.h"

namespace sma::integration {

struct Answer {
  int status = 0;
  standin::Headers headers;
  std::string body;

  /// Any case; empty where absent.
  [[nodiscard]] std::string header(std::string_view name) const;
};

/// A client's socket with nothing in between: tests send the very bytes they mean. Waits at most a minute for
/// anything, then throws std::runtime_error.
class HttpConnection {
 public:
  /// To 127.0.0.1; `six`: to [::1].
  explicit HttpConnection(std::uint16_t port, bool six = false);
  /// To a Unix socket.
  explicit HttpConnection(const std::filesystem::path& socket);
  ~HttpConnection();
  HttpConnection(HttpConnection&& other) noexcept;
  HttpConnection& operator=(HttpConnection&&) = delete;

  /// False where the other side is gone.
  bool send(std::string_view bytes) const;
  /// The next answer; throws where the connection ends first. `to_head`: it has no body.
  [[nodiscard]] Answer read_answer(bool to_head = false);
  /// The next answer, nothing where the connection ends (or is reset) instead.
  [[nodiscard]] std::optional<Answer> try_answer(bool to_head = false);
  /// Waits for the other side to close; false where bytes come instead.
  [[nodiscard]] bool is_closed();
  /// Whether bytes (or the end) are there already.
  [[nodiscard]] bool has_input() const;
  void shut_down_writing() const;
  /// Goes away with a reset, as a client that was killed.
  void vanish();

 private:
  void connect_to(const void* address, std::size_t size, const std::string& name);
  bool read_more();

  int fd_;
  std::string buffer_;
};

}  // namespace sma::integration
