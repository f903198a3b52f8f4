#include "http_server/server.h"

#include "http_server/acceptor.h"
#include "http_server/connection.h"
#include "http_server/places.h"

namespace sma {
namespace {

static_assert(ServerLimits::kExtraConnections == Places::kPingOnly + Places::kRefused);

/// How often to try again to free a place while all are taken.
constexpr Milliseconds kLookAgain{100};

}  // namespace

class Server::Impl final : private ConnectionOwner, private ConnectionListener {
 public:
  Impl(EventLoop& event_loop, Handler& request_handler, const ServerLimits& server_limits)
      : ConnectionOwner(event_loop, request_handler, server_limits),
        ipv4_(event_loop, *this),
        ipv6_(event_loop, *this),
        drained_(event_loop),
        places_(server_limits.max_connections) {}
  ~Impl() {
    IntrusiveList<Connection> all;
    places_.take_all(all);
    while (!all.empty()) delete &all.front();
  }

  void start(ListeningSockets listening) {
    ipv4_.open(std::move(listening.ipv4));
    ipv6_.open(std::move(listening.ipv6));
  }

  void drain() {
    ipv4_.close();
    ipv6_.close();
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
  [[nodiscard]] Event& drained() { return drained_; }

 private:
  void on_accepted(FileDescriptor socket) override {
    const Admission admission = find_place();
    places_.take(admission);
    // After `start` it is either in a list of `places_`, which owns it, or destroyed.
    auto* connection = new Connection(*this, std::move(socket), admission);
    connection->start();
    accept_if_possible();
  }

  Admission find_place() {
    using enum Admission;
    if (places_.has_room(regular)) return regular;
    if (make_room(regular)) {
      handler.crowded(Crowding::closed_idle);
      return regular;
    }
    handler.crowded(Crowding::no_place);
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
      ipv4_.resume();
      ipv6_.resume();
      return;
    }
    ipv4_.pause();
    ipv6_.pause();
    look_again_.arm(loop.now() + kLookAgain);
  }

  void active(Connection& connection) override { places_.put_last(connection); }

  void closed(Connection& connection) override {
    places_.leave(connection.admission());
    delete &connection;
    accept_if_possible();
    if (draining && open() == 0) drained_.set();
  }

  Acceptor ipv4_;
  Acceptor ipv6_;  // never accepts if there is no IPv6
  Event drained_;
  Places places_;
  MemberTimer<&Impl::accept_if_possible> look_again_{loop, *this};
};

Server::Server(EventLoop& loop, Handler& handler, ServerLimits limits)
    : impl_(std::make_unique<Impl>(loop, handler, limits)) {}
Server::~Server() = default;

void Server::start(ListeningSockets listening) { impl_->start(std::move(listening)); }
void Server::drain() { impl_->drain(); }
std::size_t Server::connection_count() const { return impl_->open(); }
Event& Server::drained() { return impl_->drained(); }

}  // namespace sma
