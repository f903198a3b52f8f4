#include "http_client/route.h"

#include <utility>

namespace sma {
namespace {

std::string bracketed(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

}  // namespace

std::string Route::Name::resolve_entry() const {
  // With the plus sign the entry grows old like an answer of a name server. It is replaced by the next call's.
  std::string entry = "+" + host + ":" + std::to_string(port) + ":";
  for (const std::string& address : addresses) entry.append(bracketed(address)).append(",");
  if (!addresses.empty()) entry.pop_back();
  return entry;
}

std::string Route::first_hop() const {
  return proxy ? "the proxy " + bracketed(proxy->host) + ":" + std::to_string(proxy->port) : url.authority();
}

Route choose_route(const HttpClientSettings& settings, bool use_proxy, Url url) {
  const bool encrypted = url.scheme == "https";
  const SharedBytes& proxy = encrypted ? settings.https_proxy : settings.http_proxy;
  Route route{.url = std::move(url)};
  route.handshakes = encrypted ? 1 : 0;
  const bool proxied = use_proxy && !proxy.empty() && !is_near_host(route.url.host) &&
                       !settings.no_proxy.exempts(route.url.host, route.url.port);
  bool needs_address = true;
  if (proxied) {
    route.proxy = proxy_access(proxy.view());
    const std::string& scheme = route.proxy->scheme;
    const bool is_http = scheme.starts_with("http");
    route.tunnels = encrypted || !is_http;
    if (scheme == "https") ++route.handshakes;
    needs_address = scheme == "socks" || scheme == "socks4" || scheme == "socks5";
    if (must_be_looked_up(route.proxy->host))
      route.names.push_back({.host = route.proxy->host, .port = route.proxy->port});
  }
  if (needs_address && must_be_looked_up(route.url.host))
    route.names.push_back({.host = route.url.host, .port = route.url.port});
  return route;
}

}  // namespace sma
