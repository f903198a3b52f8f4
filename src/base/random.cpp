#include "base/random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

namespace sma {

Nanoseconds Random::part_of(Nanoseconds whole) {
  std::uint64_t bits = 0;
  fill({reinterpret_cast<std::uint8_t*>(&bits), sizeof bits});
  const double fraction = static_cast<double>(bits >> 11) * 0x1.0p-53;
  return Nanoseconds(static_cast<Nanoseconds::rep>(fraction * static_cast<double>(whole.count())));
}

void SystemRandom::fill(std::span<std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) std::abort();  // no kernel we run on lacks it
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace sma
