#include "http_client/open_sockets.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/file_descriptor.h"
#include "tests/unit/base/manual_scheduler.h"

namespace sma {
namespace {

struct Fixture {
  ManualScheduler scheduler;
  OpenSockets sockets{scheduler};
  std::uint16_t port = 0;
  FileDescriptor listener;

  Fixture() : listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    REQUIRE(bind(listener.get(), reinterpret_cast<sockaddr*>(&here), size) == 0);
    REQUIRE(listen(listener.get(), 8) == 0);
    REQUIRE(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&here), &size) == 0);
    port = ntohs(here.sin_port);
  }

  curl_socket_t open(OpenSockets::CallId call) {
    curl_sockaddr address{};
    address.family = AF_INET;
    address.socktype = SOCK_STREAM;
    const curl_socket_t descriptor = sockets.open(call, address);
    REQUIRE(descriptor != CURL_SOCKET_BAD);
    return descriptor;
  }
  void connect_to_listener(curl_socket_t descriptor) const {
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    there.sin_port = htons(port);
    REQUIRE(connect(descriptor, reinterpret_cast<sockaddr*>(&there), sizeof there) == 0);
  }
};

TEST_CASE("a call is connected from when its first socket was seen connected, whatever other calls do") {
  Fixture fixture;
  OpenSockets& sockets = fixture.sockets;
  const auto call = sockets.next_call();
  const auto other = sockets.next_call();
  const curl_socket_t first = fixture.open(call);
  const curl_socket_t second = fixture.open(call);
  const curl_socket_t of_other = fixture.open(other);
  fixture.connect_to_listener(of_other);
  CHECK_FALSE(sockets.connected_at(call).has_value());

  fixture.connect_to_listener(second);
  fixture.scheduler.advance(Seconds(1));
  sockets.look_at(second);
  const TimePoint seen = fixture.scheduler.now();
  fixture.scheduler.advance(Seconds(1));
  fixture.connect_to_listener(first);
  sockets.look_at(first);
  CHECK(sockets.connected_at(call) == seen);
  CHECK(sockets.connected_at(other) == fixture.scheduler.now());  // nobody looked at it before
  for (const curl_socket_t descriptor : {first, second, of_other}) sockets.close(descriptor);
  CHECK(sockets.size() == 0);
}

TEST_CASE("a closed socket is forgotten, and so is what its number was connected to") {
  Fixture fixture;
  const auto call = fixture.sockets.next_call();
  const curl_socket_t descriptor = fixture.open(call);
  fixture.connect_to_listener(descriptor);
  CHECK(fixture.sockets.connected_at(call).has_value());
  fixture.sockets.close(descriptor);
  CHECK_FALSE(fixture.sockets.connected_at(call).has_value());
  fixture.sockets.look_at(descriptor);
  CHECK(fixture.sockets.size() == 0);
}

}  // namespace
}  // namespace sma
