#pragma once

#include "base/file_descriptor.h"
#include "os/event_loop.h"

namespace sma {

/// Gets the new connections.
class ConnectionListener {
 public:
  virtual void on_accepted(FileDescriptor socket) = 0;

 protected:
  ~ConnectionListener() = default;
};

/// Accepts connections. If descriptors or memory run out, it pauses for a moment: clients wait in the backlog, and
/// nothing spins. Accepted sockets are non-blocking and close-on-exec. Those of TCP inherit all else from the listening
/// socket; those of a Unix socket inherit nothing, and get the same limit of what the kernel holds.
/// It accepts after the turn's other events, so that connections that end in the same turn make room first.
class Acceptor final {
 public:
  Acceptor(EventLoop& loop, ConnectionListener& listener) : loop_(loop), listener_(listener) {}
  ~Acceptor() { close(); }

  void open(FileDescriptor socket);
  void close();
  /// Until `resume`, new clients stay in the backlog. Both may be called in any state.
  void pause();
  void resume();

 private:
  void accept_later() { loop_.post(accepting_); }
  void accept();
  void try_again_later();

  EventLoop& loop_;
  ConnectionListener& listener_;
  FileDescriptor socket_;
  bool limits_each_ = false;  // no inheritance
  bool watching_ = false;
  MemberWatcher<&Acceptor::accept_later> clients_waiting_{*this};
  MemberRunnable<&Acceptor::accept> accepting_{*this};
  MemberTimer<&Acceptor::resume> pause_over_{loop_, *this};
};

}  // namespace sma
