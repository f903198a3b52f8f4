#pragma once

#include <functional>
#include <string>
#include <vector>

#include "http_server/server.h"
#include "os/listening_socket.h"
#include "tests/unit/os/manual_clocks.h"

namespace sma {

/// Answers `/ping`, `/big` and `/known` at once, `/wait` (of a known client) and `/hold` when `release` is called; what
/// it saw is in `seen`, `refusals` and `losses`.
class RecordingHandler final : public Handler, public ServerObserver {
 public:
  explicit RecordingHandler(Scheduler& scheduler) : released_(scheduler) {}

  std::variant<ServerResponse, Task<ServerResponse>> handle(const ServerRequest& request) override;
  void refused(int status, std::string_view reason) override;
  void lost(const Fault& fault) override { losses.push_back(fault.message); }
  void crowded(Crowding crowding) override { crowdings.push_back(crowding); }
  void release() { released_.set(); }

  std::vector<std::string> seen;  ///< method and path
  std::vector<Admission> admissions;
  std::vector<std::string> refusals;
  std::vector<std::string> losses;
  std::vector<Crowding> crowdings;
  int waiting = 0;  ///< tasks not done or destroyed yet
  SharedBytes big{std::string(std::size_t{4} << 20, 'b')};

 private:
  Task<ServerResponse> wait(bool known);

  Event released_;
};

/// A server on a real event loop and real sockets, with time that the test moves.
class ServerFixture {
 public:
  explicit ServerFixture(ServerLimits limits = {});

  /// Turns until nothing happens any more.
  void settle();
  void advance(Nanoseconds time) {
    clocks.advance(time);
    settle();
  }

  ManualClocks clocks;
  EventLoop loop{clocks};
  RecordingHandler handler{loop};
  Server server;
  std::uint16_t port = 0;
};

/// One client of a `ServerFixture`. Sending and receiving turn the server's loop as needed.
class TestClient {
 public:
  explicit TestClient(ServerFixture& fixture, int receive_buffer = 0);

  void send(std::string_view bytes);
  /// Sends without letting the server work.
  void push(std::string_view bytes);
  /// Sends, lets the server work, and returns all that it has sent so far.
  std::string ask(std::string_view bytes) {
    send(bytes);
    return received();
  }
  /// All that was received since the last call.
  std::string received();
  /// The same, but waits for the kernel if needed, until the answer ends with that.
  std::string received_until(std::string_view end);
  /// True once the server has closed its side and all was received.
  [[nodiscard]] bool closed() {
    take();
    return closed_;
  }
  /// Sends as much of it as the kernel takes at once.
  void send_some(std::string_view bytes);
  void shut_down_writing();
  /// Goes away with a reset.
  void reset();
  void close() { socket_.close(); }

 private:
  void take();

  ServerFixture& fixture_;
  FileDescriptor socket_;
  std::string received_;
  bool closed_ = false;
};

/// What the kernel holds of the answers of one connection, in bytes.
struct SendMemory {
  std::size_t queued;  ///< not read by the client yet; the kernel's own share included
  std::size_t limit;   ///< SO_SNDBUF
};
/// Of each connection in this process that was accepted on `port`.
std::vector<SendMemory> send_memory(std::uint16_t port);

/// How many times `text` is in `in`.
std::size_t count(std::string_view in, std::string_view text);
/// A GET of that path, with further field lines.
std::string get(std::string_view path, std::string_view fields = {});

}  // namespace sma
