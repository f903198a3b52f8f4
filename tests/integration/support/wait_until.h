#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

namespace sma::integration {

/// Asks `reached` again and again until it is true. Throws after a minute: "not within a minute: WHAT".
template <typename Reached>
void wait_until(const std::string& what, Reached reached) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!reached()) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("not within a minute: " + what);
    std::this_thread::yield();
  }
}

}  // namespace sma::integration
