#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "tests/standin/http.h"

namespace sma::standin {

/// A connected socket, closed at the end.
class SocketStream : public Stream {
 public:
  explicit SocketStream(int fd) : fd_(fd) {}
  ~SocketStream() override;
  SocketStream(const SocketStream&) = delete;
  SocketStream& operator=(const SocketStream&) = delete;

  std::size_t read(char* data, std::size_t size) override;
  bool write(std::string_view data) override;

 private:
  int fd_;
};

struct SslContextDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextDeleter>;

/// A server's context with the certificate chain and key of these PEM files; throws std::runtime_error.
[[nodiscard]] SslContext make_tls_context(const std::string& certificate_file, const std::string& key_file);

/// The server's side of TLS on a connected socket.
class TlsStream : public Stream {
 public:
  TlsStream(int fd, SSL_CTX* context);
  ~TlsStream() override;
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  std::size_t read(char* data, std::size_t size) override;
  bool write(std::string_view data) override;

  [[nodiscard]] bool handshake();
  /// What was agreed on: `TLSv1.3 X25519MLKEM768`, with ` resumed` behind it where a session was.
  [[nodiscard]] std::string description() const;
  /// The group that the client named first.
  [[nodiscard]] std::string first_offered_group() const;

 private:
  SocketStream socket_;
  SSL* ssl_;
};

}  // namespace sma::standin
