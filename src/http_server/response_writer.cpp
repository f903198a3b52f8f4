#include "http_server/response_writer.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace sma {
namespace {

iovec as_iovec(std::string_view bytes) { return {const_cast<char*>(bytes.data()), bytes.size()}; }

}  // namespace

ResponseWriter::Outcome ResponseWriter::send(int socket, std::string_view head, const SharedBytes& body) {
  sent_ = 0;
  const Outcome outcome = write(socket, head, body.view());
  if (outcome == Outcome::blocked) {
    head_ = SharedBytes(head);
    body_ = body;
  }
  return outcome;
}

ResponseWriter::Outcome ResponseWriter::resume(int socket) {
  const Outcome outcome = write(socket, head_.view(), body_.view());
  if (outcome != Outcome::blocked) {
    head_ = {};
    body_ = {};
  }
  return outcome;
}

ResponseWriter::Outcome ResponseWriter::write(int socket, std::string_view head, std::string_view body) {
  const std::size_t total = head.size() + body.size();
  const std::size_t head_sent = std::min(sent_, head.size());
  const std::array parts{as_iovec(head.substr(head_sent)), as_iovec(body.substr(sent_ - head_sent))};
  const ssize_t written = writev(socket, parts.data(), parts.size());
  if (written < 0) return errno == EAGAIN || errno == EINTR ? Outcome::blocked : Outcome::failed;
  sent_ += static_cast<std::size_t>(written);
  return sent_ == total ? Outcome::done : Outcome::blocked;
}

}  // namespace sma
