#include "http_client/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace sma {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::optional<std::string> part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return std::nullopt;
  std::string copy(text);
  curl_free(text);
  return copy;
}

using Address = std::array<std::uint8_t, 16>;

/// IPv4 as ::ffff:a.b.c.d, so that both kinds compare alike.
std::optional<Address> address_of(const std::string& host) {
  Address address{};
  if (inet_pton(AF_INET6, host.c_str(), address.data()) == 1) return address;
  address[10] = address[11] = 0xFF;
  if (inet_pton(AF_INET, host.c_str(), address.data() + 12) == 1) return address;
  return std::nullopt;
}

bool is_ipv4(const Address& address) {
  for (std::size_t i = 0; i < 10; ++i)
    if (address[i] != 0) return false;
  return address[10] == 0xFF && address[11] == 0xFF;
}

}  // namespace

std::optional<Url> parse_url(const std::string& url) {
  const std::unique_ptr<CURLU, FreeUrl> parsed(curl_url());
  if (parsed == nullptr) std::abort();
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return std::nullopt;
  auto scheme = part(parsed.get(), CURLUPART_SCHEME);
  auto host = part(parsed.get(), CURLUPART_HOST);
  const auto port = part(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (!scheme || !host || !port || host->empty()) return std::nullopt;
  if (host->starts_with('[') && host->ends_with(']')) host = host->substr(1, host->size() - 2);
  return Url{std::move(*scheme), std::move(*host), part(parsed.get(), CURLUPART_ZONEID).value_or(""),
             std::atoi(port->c_str())};
}

bool is_near_host(const std::string& host) {
  return is_loopback_address(host) || is_link_local_address(host) || strcasecmp(host.c_str(), "localhost") == 0;
}

// The flags are those that curl parses a proxy with.
bool is_proxy_url(const std::string& url) {
  const std::unique_ptr<CURLU, FreeUrl> parsed(curl_url());
  if (parsed == nullptr) std::abort();
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME) !=
      CURLUE_OK)
    return false;
  const auto scheme = part(parsed.get(), CURLUPART_SCHEME, CURLU_NO_GUESS_SCHEME).value_or("http");
  constexpr std::array kSchemes = {"http", "https", "socks", "socks4", "socks4a", "socks5", "socks5h"};
  return std::ranges::find(kSchemes, scheme) != kSchemes.end() && part(parsed.get(), CURLUPART_HOST);
}

bool is_same_address(const std::string& a, const std::string& b) {
  const auto first = address_of(a);
  return first && first == address_of(b);
}

bool is_loopback_address(const std::string& host) {
  const auto address = address_of(host);
  if (!address) return false;
  return is_ipv4(*address) ? (*address)[12] == 127 : is_same_address(host, "::1");
}

bool is_link_local_address(const std::string& host) {
  const auto address = address_of(host);
  if (!address) return false;
  const Address& a = *address;
  if (is_ipv4(a)) return a[12] == 169 && a[13] == 254;
  return (a[0] == 0xFE && (a[1] & 0xC0U) == 0x80) || (a[0] == 0xFD && a[1] == 0 && a[2] == 0x0E && a[3] == 0xC2);
}

}  // namespace sma
