#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http_client/http_client.h"
#include "http_client/name_lookup.h"
#include "http_client/url.h"

namespace sma {

/// How a request goes to its host: directly or through a proxy, and by which names.
struct Route {
  /// A name that must be known before curl connects.
  struct Name {
    std::string host;
    int port = 0;
    Addresses addresses{};

    /// An entry for CURLOPT_RESOLVE, which curl uses instead of looking the name up.
    [[nodiscard]] std::string resolve_entry() const;
  };

  Url url;
  std::optional<ProxyAccess> proxy{};
  std::vector<Name> names{};  ///< the proxy's, the host's, both or none
  bool tunnels = false;       ///< the proxy is asked for a connection to the host
  int handshakes = 0;         ///< of TLS: with an https proxy, with the host

  /// `HOST:PORT` of what is connected to, with `the proxy ` before it if it is one.
  [[nodiscard]] std::string first_hop() const;
};

/// A proxy is used if one is configured for the URL's scheme, the request allows it, and the host is neither near nor
/// exempt. Through a proxy only the proxy's name is looked up, unless it is one of socks4 or socks5, which take
/// addresses.
[[nodiscard]] Route choose_route(const HttpClientSettings& settings, bool use_proxy, Url url);

}  // namespace sma
