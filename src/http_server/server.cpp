#include "http_server/server.h"

#include "http_server/acceptor.h"
#include "http_server/connection.h"

namespace sma {
namespace {

/// Of the extra connections, how many may still ask for `/ping`.
constexpr std::size_t kPingOnly = 2;
}  // namespace

class Server::Impl final : private ConnectionOwner, private ConnectionListener {
 public:
  Impl(EventLoop& event_loop, Handler& request_handler, const ServerLimits& server_limits)
      : ConnectionOwner(event_loop, request_handler, server_limits),
        acceptor_(event_loop, *this),
        drained_(event_loop) {}
  ~Impl() {
    while (!connections_.empty()) delete &connections_.front();
  }

  void start(FileDescriptor listener) { acceptor_.open(std::move(listener)); }

  void drain() {
    acceptor_.close();
    draining = true;
    IntrusiveList<Connection> all;
    all.take_all(connections_);
    while (!all.empty()) {
      Connection& connection = all.pop_front();
      connections_.push_back(connection);
      connection.drain();
    }
    if (open() == 0) drained_.set();
  }

  [[nodiscard]] std::size_t open() const { return regular_ + ping_only_ + refused_; }
  [[nodiscard]] Event& drained() { return drained_; }

 private:
  [[nodiscard]] std::size_t& count(Admission admission) {
    return admission == Admission::regular ? regular_ : admission == Admission::ping_only ? ping_only_ : refused_;
  }

  void on_accepted(FileDescriptor socket) override {
    const auto admission = regular_ < limits.max_connections ? Admission::regular
                           : ping_only_ < kPingOnly          ? Admission::ping_only
                                                             : Admission::refused;
    ++count(admission);
    auto* connection = new Connection(*this, std::move(socket), admission);
    connections_.push_back(*connection);
    if (open() >= limits.max_connections + ServerLimits::kExtraConnections) acceptor_.pause();
    connection->start();
  }

  void closed(Connection& connection) override {
    --count(connection.admission());
    delete &connection;
    if (draining) {
      if (open() == 0) drained_.set();
    } else {
      acceptor_.resume();
    }
  }

  Acceptor acceptor_;
  Event drained_;
  IntrusiveList<Connection> connections_;  // owned
  std::size_t regular_ = 0;
  std::size_t ping_only_ = 0;
  std::size_t refused_ = 0;
};

Server::Server(EventLoop& loop, Handler& handler, ServerLimits limits)
    : impl_(std::make_unique<Impl>(loop, handler, limits)) {}
Server::~Server() = default;

void Server::start(FileDescriptor listener) { impl_->start(std::move(listener)); }
void Server::drain() { impl_->drain(); }
std::size_t Server::connection_count() const { return impl_->open(); }
Event& Server::drained() { return impl_->drained(); }

}  // namespace sma
