#pragma once

#include <cstdint>
#include <string>

namespace sma::standin {

/// A listening socket on a numeric address: `127.0.0.1:0`, `[::1]:8080`. Throws std::runtime_error.
class Listener {
 public:
  explicit Listener(const std::string& address);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// The next connection, -1 once closed.
  [[nodiscard]] int accept() const;
  /// Wakes accept() for good.
  void shut_down() const;
  [[nodiscard]] int descriptor() const { return fd_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// With the port in force: `127.0.0.1:40123`.
  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  int fd_ = -1;
  std::uint16_t port_ = 0;
  std::string address_;
};

}  // namespace sma::standin
