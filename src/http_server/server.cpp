#include "http_server/server.h"

#include <list>

#include "http_server/acceptor.h"
#include "http_server/connection.h"
#include "http_server/places.h"

namespace sma {
namespace {

static_assert(ServerLimits::kExtraConnections == Places::kPingOnly + Places::kRefused);

/// How often to try again to free a place while all are taken.
constexpr Milliseconds kLookAgain{100};

}  // namespace

class Server::Impl final : private ConnectionOwner {
 public:
  Impl(EventLoop& event_loop, ServerObserver& server_observer, const ServerLimits& server_limits)
      : ConnectionOwner(event_loop, server_observer, server_limits),
        drained_(event_loop),
        places_(server_limits.max_connections) {}
  ~Impl() {
    IntrusiveList<Connection> all;
    places_.take_all(all);
    while (!all.empty()) delete &all.front();
  }

  void listen(FileDescriptor socket, Handler& handler) {
    entrances_.emplace_back(*this, handler).acceptor.open(std::move(socket));
  }

  void drain() {
    entrances_.clear();
    look_again_.disarm();
    draining = true;
    IntrusiveList<Connection> all;
    places_.take_all(all);
    while (!all.empty()) {
      Connection& connection = all.pop_front();
      places_.put_last(connection);
      connection.drain();
    }
    if (open() == 0) drained_.set();
  }

  [[nodiscard]] std::size_t open() const { return places_.taken(); }
  [[nodiscard]] const ServerCounts& counted() const { return counts; }
  [[nodiscard]] Event& drained() { return drained_; }

 private:
  /// One of the listening sockets.
  struct Entrance final : ConnectionListener {
    Entrance(Impl& entered, Handler& of_requests) : server(entered), handler(of_requests) {}
    void on_accepted(FileDescriptor socket) override { server.on_accepted(std::move(socket), handler); }

    Impl& server;
    Handler& handler;
    Acceptor acceptor{server.loop, *this};
  };

  void on_accepted(FileDescriptor socket, Handler& handler) {
    const Admission admission = find_place();
    places_.take(admission);
    // After `start` it is either in a list of `places_`, which owns it, or destroyed.
    auto* connection = new Connection(*this, handler, std::move(socket), admission);
    connection->start();
    accept_if_possible();
  }

  Admission find_place() {
    using enum Admission;
    if (places_.has_room(regular)) return regular;
    if (make_room(regular)) {
      observer.crowded(Crowding::closed_idle);
      return regular;
    }
    observer.crowded(Crowding::no_place);
    if (places_.has_room(ping_only) || make_room(ping_only)) return ping_only;
    if (!places_.has_room(refused)) make_room(refused);
    return refused;
  }

  /// Closes the connection that was idle longest. Those from which something has arrived meanwhile are served instead.
  bool make_room(Admission admission) {
    while (!places_.has_room(admission)) {
      Connection* connection = places_.longest_idle(admission, loop.now());
      if (connection == nullptr) return false;
      connection->give_way();
      if (places_.has_room(admission)) ++counts.evicted;
    }
    return true;
  }

  [[nodiscard]] bool some_may_leave() {
    using enum Admission;
    for (const Admission admission : {regular, ping_only, refused})
      if (places_.longest_idle(admission, loop.now()) != nullptr) return true;
    return false;
  }

  /// If all places are taken and none can be freed, new clients wait in the backlog.
  void accept_if_possible() {
    if (draining) return;
    if (!places_.all_taken() || some_may_leave()) {
      for (Entrance& entrance : entrances_) entrance.acceptor.resume();
      return;
    }
    for (Entrance& entrance : entrances_) entrance.acceptor.pause();
    look_again_.arm(loop.now() + kLookAgain);
  }

  void active(Connection& connection) override { places_.put_last(connection); }

  void closed(Connection& connection) override {
    places_.leave(connection.admission());
    delete &connection;
    accept_if_possible();
    if (draining && open() == 0) drained_.set();
  }

  std::list<Entrance> entrances_;
  Event drained_;
  Places places_;
  MemberTimer<&Impl::accept_if_possible> look_again_{loop, *this};
};

Server::Server(EventLoop& loop, ServerObserver& observer, ServerLimits limits)
    : impl_(std::make_unique<Impl>(loop, observer, limits)) {}
Server::~Server() = default;

void Server::listen(FileDescriptor socket, Handler& handler) { impl_->listen(std::move(socket), handler); }
void Server::drain() { impl_->drain(); }
std::size_t Server::connection_count() const { return impl_->open(); }
const ServerCounts& Server::counts() const { return impl_->counted(); }
Event& Server::drained() { return impl_->drained(); }

}  // namespace sma
