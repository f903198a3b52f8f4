#include "http_client/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

#include "base/whole_number.h"

namespace sma {
namespace {

constexpr int kMappedBits = 96;

}  // namespace

std::optional<IpAddress> parse_ip_address(std::string_view text) {
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  IpAddress address{};
  if (inet_pton(AF_INET6, terminated.c_str(), address.data()) == 1) return address;
  address = {};
  address[10] = address[11] = 0xFF;
  if (inet_pton(AF_INET, terminated.c_str(), address.data() + kMappedBits / 8) == 1) return address;
  return std::nullopt;
}

bool is_ipv4(const IpAddress& address) {
  return std::all_of(address.begin(), address.begin() + 10, [](std::uint8_t byte) { return byte == 0; }) &&
         address[10] == 0xFF && address[11] == 0xFF;
}

bool IpNetwork::contains(const IpAddress& other) const {
  if (is_ipv4(address) != is_ipv4(other)) return false;
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(address.begin(), address.begin() + whole, other.begin())) return false;
  const unsigned mask = 0xFF00U >> (bits % 8) & 0xFFU;
  return mask == 0 || (address[whole] & mask) == (other[whole] & mask);
}

std::optional<IpNetwork> parse_ip_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == text.npos) return std::nullopt;
  const auto address = parse_ip_address(text.substr(0, slash));
  const auto bits = whole_number<unsigned>(text.substr(slash + 1));  // unsigned: `-0` is no number of bits
  const bool written_as_ipv4 = text.find(':') == text.npos;
  if (!address || !bits || *bits > (written_as_ipv4 ? 32 : 128)) return std::nullopt;
  return IpNetwork{.address = *address, .bits = static_cast<int>(*bits) + (written_as_ipv4 ? kMappedBits : 0)};
}

}  // namespace sma
