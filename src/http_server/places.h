#pragma once

#include <array>
#include <cstddef>

#include "http_server/connection.h"

namespace sma {

/// The places of a server's connections: how many are taken, and which connection leaves for a new client if none is
/// free. Each connection is in one list by its admission and its standing, the one that was active last at the end;
/// adding and finding take constant time.
class Places {
 public:
  /// A connection may be closed for a new client after nothing was received or sent for this time.
  static constexpr Seconds kIdle{1};

  explicit Places(std::size_t max_connections) : limits_{max_connections, kPingOnly, kRefused} {}

  [[nodiscard]] bool has_room(Admission admission) const {
    return taken_[index(admission)] < limits_[index(admission)];
  }
  void take(Admission admission) { ++taken_[index(admission)]; }
  void leave(Admission admission) { --taken_[index(admission)]; }
  [[nodiscard]] std::size_t taken() const { return taken_[0] + taken_[1] + taken_[2]; }
  [[nodiscard]] bool all_taken() const { return taken() >= limits_[0] + limits_[1] + limits_[2]; }

  /// The connection was active just now.
  void put_last(Connection& connection);
  /// The one to close for a new client of that admission; none if all are in use.
  [[nodiscard]] Connection* longest_idle(Admission admission, TimePoint now);
  /// Moves all connections to `list`.
  void take_all(IntrusiveList<Connection>& list);

  static constexpr std::size_t kPingOnly = 2;  ///< of those over the limit
  static constexpr std::size_t kRefused = 14;  ///< the others, which are answered with 429

 private:
  static constexpr std::size_t kAdmissions = 3;
  static constexpr std::size_t kStandings = 4;
  [[nodiscard]] static std::size_t index(Admission admission) { return static_cast<std::size_t>(admission); }

  const std::array<std::size_t, kAdmissions> limits_;
  std::array<std::size_t, kAdmissions> taken_{};
  std::array<std::array<IntrusiveList<Connection>, kStandings>, kAdmissions> lists_;
};

}  // namespace sma
