#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "tests/standin/standin.h"

namespace sma::standin {

/// Serves one accepted connection on a thread of its own: reads requests, answers them, and does to the answers what
/// the plans say.
class Connection {
 public:
  Connection(Standin& standin, int fd, std::uint64_t number) : standin_(standin), fd_(fd), number_(number) {}

  /// Until the connection ends.
  void serve();

 private:
  bool open_stream();
  bool serve_one(const HttpRequest& request);
  bool send_answer(const HttpAnswer& answer, const FaultPlan& plan);
  bool drip(std::string_view bytes, std::chrono::milliseconds between);
  bool send_huge(std::uint64_t bytes);
  /// Waits until the client gives up.
  void hang();
  /// Has the coming close send a reset.
  void arm_reset() const;

  Standin& standin_;
  int fd_;
  std::uint64_t number_;
  std::string tls_;
  std::string tls_group_;
  std::unique_ptr<Stream> stream_;
  std::string buffer_;
};

}  // namespace sma::standin
