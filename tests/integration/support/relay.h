#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/support/certificate.h"
#include "tests/standin/listener.h"
#include "tests/standin/stream.h"

namespace sma::integration {

/// What stands between an agent and AWS, with its faults.
struct RelaySettings {
  std::string address;       ///< where it listens, and where `target` is
  std::uint16_t target = 0;  ///< the port to which it connects
  bool proxy = false;        ///< it is asked for that by CONNECT
  /// How long it keeps a CONNECT waiting.
  std::chrono::milliseconds tunnel_delay{0};
  const Certificate* certificate = nullptr;  ///< of a proxy that speaks TLS itself
  /// A longer ClientHello is swallowed, with all that follows on its connection, as some firewalls do.
  std::size_t largest_hello = std::numeric_limits<std::size_t>::max();
};

/// A proxy, or a relay that nobody knows of, on a port of its own.
class Relay {
 public:
  static constexpr std::chrono::hours kForEver{1};

  explicit Relay(RelaySettings settings);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// `ADDRESS:PORT`.
  [[nodiscard]] const std::string& address() const { return listener_.address(); }

 private:
  void serve();
  void relay(int client);
  /// False if the client did not ask for a connection, or the relay stops meanwhile.
  [[nodiscard]] bool make_tunnel(standin::Stream& client);
  void pump(standin::Stream& client, int client_descriptor);
  [[nodiscard]] bool wait_for_input(int descriptor) const;

  const RelaySettings settings_;
  standin::SslContext tls_;
  standin::Listener listener_;
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace sma::integration
