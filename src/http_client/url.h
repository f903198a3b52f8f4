#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/wiped_bytes.h"

namespace sma {

/// A URL as curl reads it, so that what is checked and signed is what the request is sent to: `http://127.1/` is
/// 127.0.0.1 here too. Nothing else in this program takes a URL apart.
struct Url {
  std::string scheme;  ///< lower case
  std::string host;    ///< lower case, without brackets; numeric addresses in their usual form
  std::string zone;    ///< of an IPv6 address; mostly empty
  int port = 0;        ///< the scheme's own if the URL names none
  std::string path;    ///< as written; `/` if the URL has none
  bool has_more;       ///< the URL has user information, a query or a fragment

  /// What the `Host` field says: IPv6 in brackets, the port only if it is not the scheme's own. Source: RFC 9110 §7.2.
  [[nodiscard]] std::string authority() const;
};

/// None if curl would not take the URL, or if it has no scheme or no host.
[[nodiscard]] std::optional<Url> parse_url(const std::string& url);

/// True if both are the same IPv4 or IPv6 address, however written. False if one is a name.
[[nodiscard]] bool is_same_address(const std::string& a, const std::string& b);

/// True if a request to this host never goes through a proxy: a loopback or link-local address, or one of the names
/// that curl resolves to loopback itself, `localhost` and `*.localhost`.
[[nodiscard]] bool is_near_host(const std::string& host);

/// True if the host is a name that name servers must be asked for: no address, and no name of loopback.
[[nodiscard]] bool must_be_looked_up(const std::string& host);

/// True if curl can use it as a proxy: `[SCHEME://][USER:PASSWORD@]HOST[:PORT]` with a scheme of http, https or SOCKS.
[[nodiscard]] bool is_proxy_url(std::string_view url);

/// The form in which curl takes a proxy.
struct ProxyAccess {
  WipedBytes url;            ///< ends with a NUL
  WipedBytes authorization;  ///< a `Proxy-Authorization` field, ends with a NUL; empty: none is to be sent
  std::string scheme;        ///< `http`, `https`, `socks5h`, …
  std::string host;          ///< lower case, without brackets
  int port = 0;              ///< curl's own for the scheme if the URL names none
};

/// A name and password in the URL of an HTTP proxy become a field, because curl would keep the password as long as the
/// connection. Those of a SOCKS proxy stay in the URL. `url` is one that `is_proxy_url` accepts.
[[nodiscard]] ProxyAccess proxy_access(std::string_view url);

/// 127.0.0.0/8 or ::1, as an address.
[[nodiscard]] bool is_loopback_address(const std::string& host);

/// 169.254.0.0/16, fe80::/10, or the addresses fd00:ec2::/32 that stand for link-local services on AWS.
[[nodiscard]] bool is_link_local_address(const std::string& host);

}  // namespace sma
