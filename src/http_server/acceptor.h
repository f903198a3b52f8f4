#pragma once

#include "base/file_descriptor.h"
#include "os/event_loop.h"

namespace sma {

/// Told of new connections.
class ConnectionListener {
 public:
  virtual void on_accepted(FileDescriptor socket) = 0;

 protected:
  ~ConnectionListener() = default;
};

/// Accepts connections. Where descriptors or memory run out it pauses for a moment: clients wait in the backlog, and
/// nothing spins. Accepted sockets are non-blocking and close-on-exec; all else they inherit from the listening socket.
/// Connections that end in the same turn make room first: accepting waits for the turn's other events.
class Acceptor final : private Watcher, private Timer {
 public:
  Acceptor(EventLoop& loop, ConnectionListener& listener) : Timer(loop), loop_(loop), listener_(listener) {}
  ~Acceptor() { close(); }

  void open(FileDescriptor socket);
  void close();
  /// Until `resume`, new clients stay in the backlog. Both may be called in any state.
  void pause();
  void resume();

 private:
  class Accepting final : public Runnable {
   public:
    explicit Accepting(Acceptor& owner) : owner_(owner) {}
    void run() override { owner_.accept(); }

   private:
    Acceptor& owner_;
  };

  void on_events(std::uint32_t /*events*/) override { loop_.post(accepting_); }
  void run() override { resume(); }
  void accept();

  EventLoop& loop_;
  ConnectionListener& listener_;
  FileDescriptor socket_;
  bool watching_ = false;
  Accepting accepting_{*this};
};

}  // namespace sma
