#include "tests/standin/stream.h"

#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <vector>

namespace sma::standin {

SocketStream::~SocketStream() { close(fd_); }

std::size_t SocketStream::read(char* data, std::size_t size) {
  ssize_t count = 0;
  do {
    count = recv(fd_, data, size, 0);
  } while (count < 0 && errno == EINTR);
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

bool SocketStream::write(std::string_view data) {
  while (!data.empty()) {
    const ssize_t count = send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    data.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

namespace {

[[noreturn]] void fail(const std::string& what) {
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
  ERR_clear_error();
  throw std::runtime_error(what + ": " + reason.data());
}

}  // namespace

SslContext make_tls_context(const std::string& certificate_file, const std::string& key_file) {
  SslContext context(SSL_CTX_new(TLS_server_method()));
  static constexpr std::array<unsigned char, 7> kSessionContext{'s', 't', 'a', 'n', 'd', 'i', 'n'};
  if (!context || SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1) {
    fail(certificate_file);
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1) fail(key_file);
  SSL_CTX_set_session_id_context(context.get(), kSessionContext.data(), kSessionContext.size());
  return context;
}

TlsStream::TlsStream(int fd, SSL_CTX* context) : socket_(fd), ssl_(SSL_new(context)) { SSL_set_fd(ssl_, fd); }

bool TlsStream::handshake() {
  const bool good = SSL_accept(ssl_) == 1;
  ERR_clear_error();
  return good;
}

TlsStream::~TlsStream() {
  SSL_shutdown(ssl_);
  SSL_free(ssl_);
}

std::size_t TlsStream::read(char* data, std::size_t size) {
  std::size_t count = 0;
  const bool good = SSL_read_ex(ssl_, data, size, &count) == 1;
  ERR_clear_error();
  return good ? count : 0;
}

bool TlsStream::write(std::string_view data) {
  std::size_t count = 0;
  const bool good = data.empty() || SSL_write_ex(ssl_, data.data(), data.size(), &count) == 1;
  ERR_clear_error();
  return good;
}

std::string TlsStream::first_offered_group() const {
  const auto count = SSL_get1_groups(ssl_, nullptr);
  if (count <= 0) return "";
  std::vector<int> groups(static_cast<std::size_t>(count));
  SSL_get1_groups(ssl_, groups.data());
  const char* name = SSL_group_to_name(ssl_, groups.front());
  return name ? name : std::to_string(groups.front());
}

std::string TlsStream::description() const {
  const char* group = SSL_get0_group_name(ssl_);
  return std::string(SSL_get_version(ssl_)) + ' ' + (group ? group : "") +
         (SSL_session_reused(ssl_) == 1 ? " resumed" : "");
}

}  // namespace sma::standin
