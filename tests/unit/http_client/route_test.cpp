#include "http_client/route.h"

#include <doctest/doctest.h>

namespace sma {
namespace {

Route route_to(const std::string& url, const char* proxy = "", const char* no_proxy = "", bool use_proxy = true) {
  HttpClientSettings settings;
  settings.https_proxy = settings.http_proxy = SharedBytes(proxy);
  settings.no_proxy = NoProxy(no_proxy);
  return choose_route(settings, use_proxy, *parse_url(url));
}

/// `host:port` of each name that is looked up.
std::string names_of(const Route& route) {
  std::string names;
  for (const Route::Name& name : route.names) names += name.host + ":" + std::to_string(name.port) + " ";
  return names;
}

TEST_CASE("the host's name is looked up, an address or a name of loopback is not") {
  CHECK(names_of(route_to("https://STS.example/")) == "sts.example:443 ");
  CHECK(names_of(route_to("http://a.example:8000/")) == "a.example:8000 ");
  for (const char* url : {"https://10.0.0.1/", "https://[::1]/", "http://localhost/", "http://a.localhost:80/"})
    CHECK(names_of(route_to(url)).empty());
}

TEST_CASE("through a proxy its name is looked up, and the host's only if the proxy takes addresses") {
  for (const char* scheme : {"http", "https", "socks4a", "socks5h"})
    CHECK(names_of(route_to("https://a.example/", (std::string(scheme) + "://p.example:3128").c_str())) ==
          "p.example:3128 ");
  for (const char* scheme : {"socks4", "socks5"})
    CHECK(names_of(route_to("https://a.example/", (std::string(scheme) + "://p.example:3128").c_str())) ==
          "p.example:3128 a.example:443 ");
  CHECK(names_of(route_to("https://a.example/", "socks5://10.0.0.1:3128")) == "a.example:443 ");
  CHECK(names_of(route_to("https://a.example/", "http://10.0.0.1:3128")).empty());
}

TEST_CASE("a proxy without a port has the one that curl assumes") {
  CHECK(names_of(route_to("https://a.example/", "P.example")) == "p.example:1080 ");
  CHECK(names_of(route_to("https://a.example/", "https://p.example")) == "p.example:443 ");
}

TEST_CASE("a proxy is left out for hosts that are near or exempt, and for requests that want none") {
  const char* proxy = "http://u:pw@p.example:3128";
  CHECK(route_to("https://a.example/", proxy).proxy.has_value());
  CHECK_FALSE(route_to("https://a.example/", proxy, "a.example").proxy.has_value());
  CHECK(route_to("https://a.example/", proxy, "a.example:444").proxy.has_value());
  CHECK_FALSE(route_to("https://a.example/", proxy, "", false).proxy.has_value());
  CHECK_FALSE(route_to("http://169.254.169.254/", proxy).proxy.has_value());
  CHECK_FALSE(route_to("http://localhost/", proxy).proxy.has_value());
}

TEST_CASE("what a route consists of follows from proxy and scheme") {
  const auto is = [](const Route& route, bool tunnels, int handshakes) {
    return route.tunnels == tunnels && route.handshakes == handshakes;
  };
  CHECK(is(route_to("https://a.example/"), false, 1));
  CHECK(is(route_to("http://a.example/"), false, 0));
  CHECK(is(route_to("https://a.example/", "http://p"), true, 1));
  CHECK(is(route_to("https://a.example/", "https://p"), true, 2));
  CHECK(is(route_to("http://a.example/", "http://p"), false, 0));
  CHECK(is(route_to("http://a.example/", "https://p"), false, 1));
  CHECK(is(route_to("http://a.example/", "socks5h://p"), true, 0));
}

TEST_CASE("the first hop is the proxy without its password, or the host") {
  CHECK(route_to("https://a.example/").first_hop() == "a.example");
  CHECK(route_to("https://a.example/", "http://u:hunter2@p.example:1").first_hop() == "the proxy p.example:1");
  CHECK(route_to("https://a.example/", "http://[fd00::1]:1").first_hop() == "the proxy [fd00::1]:1");
}

TEST_CASE("curl gets all addresses of a name, those of IPv6 in brackets") {
  const Route::Name name{.host = "a.example", .port = 443, .addresses = {"fd00::1", "10.0.0.1"}};
  CHECK(name.resolve_entry() == "+a.example:443:[fd00::1],10.0.0.1");
}

}  // namespace
}  // namespace sma
