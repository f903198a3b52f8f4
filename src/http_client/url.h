#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sma {

/// A URL as curl understands it, so that what is checked is what will be asked: `http://127.1/` is 127.0.0.1 here too.
struct Url {
  std::string scheme;  ///< lower case
  std::string host;    ///< without brackets; numeric addresses in their usual form
  std::string zone;    ///< of an IPv6 address; mostly empty
  int port = 0;        ///< the scheme's own where the URL names none
};

/// None where curl would not take it, or where it has no scheme and host.
[[nodiscard]] std::optional<Url> parse_url(const std::string& url);

/// True where both are the same IPv4 or IPv6 address, however written. False where one is a name.
[[nodiscard]] bool is_same_address(const std::string& a, const std::string& b);

/// True where no proxy belongs between: a loopback or link-local address, or the name `localhost`.
[[nodiscard]] bool is_near_host(const std::string& host);

/// Whether curl can use it as a proxy: `[SCHEME://][USER:PASSWORD@]HOST[:PORT]` with a scheme of http, https or SOCKS.
[[nodiscard]] bool is_proxy_url(const std::string& url);

/// 127.0.0.0/8 or ::1, as an address.
[[nodiscard]] bool is_loopback_address(const std::string& host);

/// 169.254.0.0/16, fe80::/10, or the addresses fd00:ec2::/32 that stand for link-local services on AWS.
[[nodiscard]] bool is_link_local_address(const std::string& host);

}  // namespace sma
