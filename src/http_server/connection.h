#pragma once

#include <cstdint>

#include "base/file_descriptor.h"
#include "http_server/buffer_pool.h"
#include "http_server/date_field.h"
#include "http_server/handler.h"
#include "http_server/request_reader.h"
#include "http_server/response_writer.h"
#include "http_server/server.h"
#include "os/event_loop.h"

namespace sma {

class Connection;

/// What all connections of a server share.
class ConnectionOwner {
 public:
  ConnectionOwner(EventLoop& event_loop, Handler& request_handler, const ServerLimits& server_limits)
      : loop(event_loop), handler(request_handler), limits(server_limits), pool(limits.head_pool_bytes), date(loop) {}

  EventLoop& loop;
  Handler& handler;
  const ServerLimits limits;
  BufferPool pool;
  DateField date;
  ServerRequest request;  ///< the one being looked at; never across turns
  bool draining = false;  ///< every answer closes its connection

  /// The connection is over: destroy it, now.
  virtual void closed(Connection& connection) = 0;

 protected:
  ~ConnectionOwner() = default;
};

/// One client. Reads requests, one at a time, has them handled, and writes their answers. While an answer is waited for
/// or cannot be sent, nothing is read; while nothing is read and nothing is owed, nothing is held but the socket.
///
/// Invariant: what it waits for is one thing at a time (`State`), and `deadline_` is when it gives up waiting for it.
class Connection final : public ListHook, private Watcher {
 public:
  Connection(ConnectionOwner& owner, FileDescriptor socket, Admission admission);
  ~Connection() { owner_.loop.forget(*this); }

  /// Begins. May be over behind this call, as behind `drain`: the owner was told then.
  void start();
  /// Closes it if it is idle.
  void drain();
  [[nodiscard]] Admission admission() const { return admission_; }

 private:
  enum class State : std::uint8_t {
    reading,    ///< a request, or the rest of one
    waiting,    ///< for the handler's task
    sending,    ///< the socket takes no more for now
    lingering,  ///< all is said; input is thrown away until the client is done as well
    closed,     ///< about to be destroyed
  };

  /// Gives up at the deadline. Armed lazily: a deadline that moves away leaves it as it is, and it looks again when
  /// due.
  class Alarm final : public Timer {
   public:
    Alarm(Scheduler& scheduler, Connection& connection) : Timer(scheduler), connection_(connection) {}
    void run() override { connection_.on_alarm(); }

   private:
    Connection& connection_;
  };

  /// Goes on in a later turn: behind a task, or after a turn's share of pipelined requests.
  class Resumption final : public Runnable {
   public:
    explicit Resumption(Connection& connection) : connection_(connection) {}
    void run() override { connection_.on_resumption(); }

   private:
    Connection& connection_;
  };

  void on_events(std::uint32_t events) override;
  void on_alarm();
  void on_resumption();
  void leave_if_closed();

  void receive();
  void serve();
  void handle();
  void answer(const ServerResponse& response);
  void refuse(const Refusal& refusal);
  void send_on();
  void answered();
  void await_input();
  void send_continue();
  void linger();
  void discard();
  void watch_for(std::uint32_t events);
  void set_deadline(TimePoint deadline);

  ConnectionOwner& owner_;
  FileDescriptor socket_;
  const Admission admission_;
  State state_ = State::reading;
  bool head_only_ = false;      // the answer is to HEAD
  bool keep_alive_ = true;      // what the client of the request in hand wants
  bool old_version_ = false;    // the request in hand is HTTP/1.0
  bool closing_ = false;        // the answer in hand is the last
  bool input_drained_ = false;  // nothing has come behind the last read
  std::uint32_t watched_ = 0;
  bool is_watched_ = false;
  std::size_t discarded_ = 0;  // bytes, while lingering
  TimePoint begun_{};          // when the request in hand began: its first byte came, or the answer before it was out
  TimePoint deadline_{};
  RequestReader reader_;
  ResponseWriter writer_;
  Task<ServerResponse> task_;
  Alarm alarm_;
  Resumption resumption_;
};

}  // namespace sma
