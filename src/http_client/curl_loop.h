#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <list>
#include <map>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "http_client/open_sockets.h"
#include "os/event_loop.h"

namespace sma {

/// Is called when its transfer is over, outside of all curl callbacks: it may use curl.
class Transfer {
 public:
  virtual void on_done(CURLcode code) = 0;
  /// The same for a transfer whose socket cannot be watched: curl would get no event of it.
  virtual void on_lost(const Fault& fault) = 0;

 protected:
  ~Transfer() = default;
};

/// Drives one curl multi handle from the event loop: curl's sockets are watched on epoll, its timer is a timerfd on
/// real time, so that curl goes on while a test holds the loop's clock.
class CurlLoop {
 public:
  explicit CurlLoop(EventLoop& loop);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  /// Calls `transfer` when `easy` is done. `remove` must be called before `transfer` is destroyed, but not after a
  /// fault.
  Result<Done> add(CURL* easy, Transfer& transfer);
  void remove(CURL* easy);

  [[nodiscard]] Scheduler& scheduler() { return loop_; }
  [[nodiscard]] OpenSockets& open_sockets() { return open_sockets_; }

  /// Forgets pooled connections.
  void drop_connections();

 private:
  /// One of curl's sockets.
  struct Socket final : Watcher {
    Socket(CurlLoop& owning, curl_socket_t socket) : owner(owning), descriptor(socket) {}
    void on_events(std::uint32_t events) override;
    CurlLoop& owner;
    curl_socket_t descriptor;
    bool closed = false;
  };

  static int on_socket(CURL* easy, curl_socket_t descriptor, int what, void* self, void* socket);
  static int on_timer(CURLM* multi, long milliseconds, void* self);
  void set_timer(long milliseconds);
  void watch_socket(CURL* easy, curl_socket_t descriptor, int what, Socket* socket);
  void on_timer_event();
  void time_out() { act(CURL_SOCKET_TIMEOUT, 0); }
  void report_lost();
  void act(curl_socket_t descriptor, int what);

  EventLoop& loop_;
  OpenSockets open_sockets_{loop_};
  CURLM* multi_;
  FileDescriptor timer_descriptor_;
  MemberWatcher<&CurlLoop::on_timer_event> timer_{*this};
  bool timer_set_ = false;
  MemberRunnable<&CurlLoop::time_out> kick_{*this};  // curl wants to continue at once
  std::list<Socket> sockets_;
  std::map<CURL*, Fault> lost_;  // to be reported outside of curl's callbacks
  MemberRunnable<&CurlLoop::report_lost> reporting_{*this};
};

}  // namespace sma
