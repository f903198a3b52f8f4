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
  ConnectionOwner(EventLoop& event_loop, ServerObserver& server_observer, const ServerLimits& server_limits)
      : loop(event_loop), observer(server_observer), limits(server_limits), pool(limits.head_pool_bytes), date(loop) {}

  EventLoop& loop;
  ServerObserver& observer;
  const ServerLimits limits;
  BufferPool pool;
  DateField date;
  ServerRequest request;  ///< the one being handled; not valid in a later turn
  ServerCounts counts;
  bool draining = false;  ///< every answer closes its connection

  /// Something was received or sent: of all connections, this one is the last to be closed for a new client.
  virtual void active(Connection& connection) = 0;
  /// The connection is over: the owner destroys it in this call.
  virtual void closed(Connection& connection) = 0;

 protected:
  ~ConnectionOwner() = default;
};

/// Whether a connection may be closed for a new client, in the order in which they are.
enum class Standing : std::uint8_t {
  idle_unknown,     ///< no request in hand, and the client never showed that it may use the server
  idle_known,       ///< no request in hand
  stalled_unknown,  ///< an unknown client that does not send the rest of its request, or does not read its answer
  busy,             ///< not to be closed
};

/// One client. Reads requests, one at a time, calls the handler for each, and writes the answers. It reads nothing
/// while it waits for an answer or for the socket to take one. While no request is in hand it holds nothing but the
/// socket.
///
/// Invariant: it waits for one thing at a time (`State`), and at `deadline_` it stops waiting for it.
class Connection final : public ListHook, private Watcher {
 public:
  /// `handler` gets its requests.
  Connection(ConnectionOwner& owner, Handler& handler, FileDescriptor socket, Admission admission);
  ~Connection() { owner_.loop.forget(*this); }

  /// Begins. `ConnectionOwner::closed` may be called, and the connection gone, when this call or `drain` returns.
  void start();
  /// Closes it if it is idle.
  void drain();
  /// Closes it for a new client, unless something has arrived from its own: that is read and served instead.
  void give_way();
  [[nodiscard]] Standing standing() const;
  /// When something was received or sent last.
  [[nodiscard]] TimePoint active_at() const { return active_; }
  [[nodiscard]] Admission admission() const { return admission_; }

 private:
  enum class State : std::uint8_t {
    reading,    ///< a request, or the rest of one
    waiting,    ///< for the handler's task
    sending,    ///< the socket takes no more for now
    lingering,  ///< the last answer is sent; input is ignored until the client closes its side too
    closed,     ///< about to be destroyed
  };

  void on_events(std::uint32_t events) override;
  void on_alarm();
  void on_resumption();
  void end_event();

  void receive();
  void serve();
  void handle();
  void answer(const ServerResponse& response);
  void enlarge_send_buffer();
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
  Handler& handler_;
  FileDescriptor socket_;
  const Admission admission_;
  State state_ = State::reading;
  bool head_only_ = false;  // the answer is to HEAD
  bool keep_alive_ = true;  // what the client of the request in hand wants
  bool client_is_known_ = false;
  bool sends_large_answers_ = false;  // its send buffer is large
  bool old_version_ = false;          // the request in hand is HTTP/1.0
  bool closing_ = false;              // the answer in hand is the last
  bool input_drained_ = false;        // the last read took all that had arrived
  std::uint32_t watched_ = 0;
  bool is_watched_ = false;
  std::size_t discarded_ = 0;  // bytes, while lingering
  TimePoint begun_{};          // of the request in hand: its first byte arrived, or the answer before it was sent
  TimePoint active_{};         // when something was received or sent last
  TimePoint deadline_{};
  RequestReader reader_;
  ResponseWriter writer_;
  Task<ServerResponse> task_;
  // A deadline that moves away does not move the alarm: when it goes off, the deadline is looked at again.
  MemberTimer<&Connection::on_alarm> alarm_;
  // To continue in a later turn: when a task is done, or after a turn's share of pipelined requests.
  MemberRunnable<&Connection::on_resumption> resumption_;
};

}  // namespace sma
