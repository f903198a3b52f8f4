#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sma {

/// An address; IPv4 as ::ffff:a.b.c.d, so that both kinds compare alike.
using IpAddress = std::array<std::uint8_t, 16>;

/// None if `text` is no numeric address. IPv6 is without brackets.
[[nodiscard]] std::optional<IpAddress> parse_ip_address(std::string_view text);
[[nodiscard]] bool is_ipv4(const IpAddress& address);

/// Addresses with a common beginning.
struct IpNetwork {
  IpAddress address{};
  int bits = 128;  ///< of `address` that count

  /// An IPv6 network has no IPv4 address.
  [[nodiscard]] bool contains(const IpAddress& other) const;
};

/// `10.0.0.0/8`, `fd00::/8`; none if it is not that.
[[nodiscard]] std::optional<IpNetwork> parse_ip_network(std::string_view text);

}  // namespace sma
