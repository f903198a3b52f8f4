#include "http_client/curl_loop.h"

#include <sys/timerfd.h>

#include <cstdlib>
#include <utility>

namespace sma {
namespace {

constexpr long kPooledConnections = 32;

std::uint32_t epoll_events(int what) {
  return (what & CURL_POLL_IN ? std::uint32_t{EPOLLIN} : 0U) | (what & CURL_POLL_OUT ? std::uint32_t{EPOLLOUT} : 0U);
}

/// Null for curl's own handle, which closes connections.
Transfer* transfer_of(CURL* easy) {
  char* transfer = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
  return static_cast<Transfer*>(static_cast<void*>(transfer));
}

}  // namespace

CurlLoop::CurlLoop(EventLoop& loop)
    : loop_(loop),
      multi_(curl_multi_init()),
      timer_descriptor_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
  if (multi_ == nullptr || !timer_descriptor_.valid()) std::abort();
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kPooledConnections);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
  if (!loop_.watch(timer_descriptor_.get(), EPOLLIN, timer_).ok()) std::abort();
}

CurlLoop::~CurlLoop() {
  curl_multi_cleanup(multi_);
  loop_.unwatch(timer_descriptor_.get(), timer_);
  for (Socket& socket : sockets_)
    if (!socket.closed) loop_.unwatch(socket.descriptor, socket);
}

Result<Done> CurlLoop::add(CURL* easy, Transfer& transfer) {
  curl_easy_setopt(easy, CURLOPT_PRIVATE, static_cast<void*>(&transfer));
  const CURLMcode code = curl_multi_add_handle(multi_, easy);
  if (code != CURLM_OK)
    return Fault::connection(std::string("curl does not take the request: ") + curl_multi_strerror(code));
  return Done{};
}

void CurlLoop::remove(CURL* easy) {
  lost_.erase(easy);
  curl_multi_remove_handle(multi_, easy);
}

void CurlLoop::drop_connections() {
  curl_multi_setopt(multi_, CURLMOPT_NETWORK_CHANGED, static_cast<long>(CURLMNWC_CLEAR_CONNS | CURLMNWC_CLEAR_DNS));
}

int CurlLoop::on_socket(CURL* easy, curl_socket_t descriptor, int what, void* self, void* socket) {
  static_cast<CurlLoop*>(self)->watch_socket(easy, descriptor, what, static_cast<Socket*>(socket));
  return 0;
}

void CurlLoop::watch_socket(CURL* easy, curl_socket_t descriptor, int what, Socket* socket) {
  open_sockets_.look_at(descriptor);
  if (what == CURL_POLL_REMOVE) {
    if (socket == nullptr) return;
    loop_.unwatch(descriptor, *socket);
    socket->closed = true;  // freed in `act`: this may be inside its own on_events
    curl_multi_assign(multi_, descriptor, nullptr);
  } else if (socket != nullptr) {
    loop_.change(descriptor, epoll_events(what), *socket);
  } else if (auto watched = loop_.watch(descriptor, epoll_events(what), sockets_.emplace_back(*this, descriptor));
             watched.ok()) {
    curl_multi_assign(multi_, descriptor, &sockets_.back());
  } else {
    // A failure reported to curl would end all other transfers as well.
    sockets_.pop_back();
    lost_.insert_or_assign(easy, std::move(watched.fault()));
    loop_.post(reporting_);
  }
}

void CurlLoop::report_lost() {
  for (const auto& [easy, fault] : std::exchange(lost_, {}))
    if (Transfer* transfer = transfer_of(easy)) transfer->on_lost(fault);
}

int CurlLoop::on_timer(CURLM* /*multi*/, long milliseconds, void* self) {
  static_cast<CurlLoop*>(self)->set_timer(milliseconds);
  return 0;
}

void CurlLoop::set_timer(long milliseconds) {
  kick_.unlink();
  if (milliseconds == 0) loop_.post(kick_);
  const bool wanted = milliseconds > 0;
  if (!wanted && !timer_set_) return;
  itimerspec when{};
  if (wanted) {
    when.it_value.tv_sec = milliseconds / 1000;
    when.it_value.tv_nsec = milliseconds % 1000 * 1000000;
  }
  timerfd_settime(timer_descriptor_.get(), 0, &when, nullptr);
  timer_set_ = wanted;
}

void CurlLoop::Socket::on_events(std::uint32_t events) {
  int what = 0;
  if ((events & EPOLLIN) != 0) what |= CURL_CSELECT_IN;
  if ((events & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) what |= CURL_CSELECT_ERR;
  owner.open_sockets_.look_at(descriptor);
  owner.act(descriptor, what);
}

void CurlLoop::on_timer_event() {
  std::uint64_t expirations = 0;
  if (::read(timer_descriptor_.get(), &expirations, sizeof expirations) > 0) time_out();
}

void CurlLoop::act(curl_socket_t descriptor, int what) {
  int running = 0;
  curl_multi_socket_action(multi_, descriptor, what, &running);
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    transfer_of(message->easy_handle)->on_done(code);
  }
  sockets_.remove_if([](const Socket& socket) { return socket.closed; });
}

}  // namespace sma
