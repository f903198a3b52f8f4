#include "http_client/url.h"

#include <doctest/doctest.h>

using namespace sma;

TEST_CASE("a URL is taken apart as curl does") {
  const auto url = parse_url("HTTP://User:Pass@Example.com:8080/a/../b?c#d");
  REQUIRE(url);
  CHECK(url->scheme == "http");
  CHECK(url->host == "example.com");
  CHECK(url->port == 8080);
  CHECK(url->path == "/a/../b");
  CHECK(url->has_more);
  const auto short_one = parse_url("https://h");
  CHECK(short_one->port == 443);
  CHECK(short_one->path == "/");
  CHECK_FALSE(short_one->has_more);
}

TEST_CASE("user information, a query and a fragment are noticed, also empty ones") {
  for (const char* text : {"http://u@h/", "http://:p@h/", "http://:@h/", "http://@h/", "http://h/?", "http://h?a",
                           "http://h/#", "http://h/#f"}) {
    CAPTURE(text);
    CHECK(parse_url(text)->has_more);
  }
}

TEST_CASE("the authority has brackets around an IPv6 address, and the port if it is not the scheme's own") {
  CHECK(parse_url("https://Secrets.Example:443")->authority() == "secrets.example");
  CHECK(parse_url("https://h:80")->authority() == "h:80");
  CHECK(parse_url("http://h:80")->authority() == "h");
  CHECK(parse_url("http://[FD00:EC2::23]")->authority() == "[fd00:ec2::23]");
  CHECK(parse_url("https://[::1]:8443/x")->authority() == "[::1]:8443");
}

TEST_CASE("numeric hosts come in their usual form") {
  CHECK(parse_url("http://127.1/")->host == "127.0.0.1");
  CHECK(parse_url("http://0x7f000001/")->host == "127.0.0.1");
  CHECK(parse_url("http://2852039166/")->host == "169.254.169.254");
  CHECK(parse_url("http://[FD00:EC2:0::23]/")->host == "fd00:ec2::23");
  CHECK(parse_url("http://[fe80::1%25eth0]/")->zone == "eth0");
}

TEST_CASE("the host is what comes after the last at sign") {
  CHECK(parse_url("http://169.254.170.2@evil.example/")->host == "evil.example");
}

TEST_CASE("what curl does not take is no URL") {
  for (const char* text : {"", "/path", "http://", "http://[::1", "http://a b/", "http://h:99999/"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_url(text));
  }
}

TEST_CASE("addresses compare however they are written, names never do") {
  CHECK(is_same_address("::1", "0:0:0:0:0:0:0:1"));
  CHECK(is_same_address("127.0.0.1", "::ffff:127.0.0.1"));
  CHECK_FALSE(is_same_address("127.0.0.1", "127.0.0.2"));
  CHECK_FALSE(is_same_address("localhost", "localhost"));
}

TEST_CASE("loopback and link-local addresses are known") {
  for (const char* host : {"127.0.0.1", "127.255.0.9", "::1"}) CHECK(is_loopback_address(host));
  for (const char* host : {"128.0.0.1", "::2", "localhost", "127.0.0.1.example"})
    CHECK_FALSE(is_loopback_address(host));
  for (const char* host : {"169.254.169.254", "169.254.0.1", "fe80::1", "fd00:ec2::254"})
    CHECK(is_link_local_address(host));
  for (const char* host : {"169.255.0.1", "fd00:ec3::1", "10.0.0.1", "example.com"})
    CHECK_FALSE(is_link_local_address(host));
}

TEST_CASE("hosts that no proxy belongs before are known") {
  for (const char* host :
       {"127.0.0.1", "::1", "localhost", "LocalHost", "localhost.", "a.localhost", "169.254.169.254", "fd00:ec2::254"})
    CHECK(is_near_host(host));
  for (const char* host :
       {"", "localhost.example", "mylocalhost", "10.0.0.1", "secretsmanager.eu-west-1.amazonaws.com"})
    CHECK_FALSE(is_near_host(host));
}

TEST_CASE("name and password of an HTTP proxy become a field, those of a SOCKS proxy stay in its URL") {
  const auto access = [](std::string_view url) {
    const ProxyAccess given = proxy_access(url);
    CHECK(given.url.view().ends_with('\0'));
    return std::string(given.url.data()) + " " + (given.authorization.empty() ? "none" : given.authorization.data());
  };
  CHECK(access("http://proxy:3128") == "http://proxy:3128 none");
  CHECK(access("proxy") == "proxy none");
  CHECK(access("http://Aladdin:open%20sesame@proxy:3128") ==
        "http://proxy:3128/ Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  CHECK(access("Aladdin:open%20sesame@proxy:3128") ==
        "proxy:3128/ Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  CHECK(access("https://a@proxy") == "https://proxy/ Proxy-Authorization: Basic YTo=");
  CHECK(access("socks5h://a:b@proxy:1") == "socks5h://a:b@proxy:1 none");
}

TEST_CASE("what curl takes for a proxy is known") {
  for (const char* url : {"proxy", "proxy:3128", "10.0.0.1:1", "http://proxy", "https://u:p%40@proxy:1/", "socks5h://p",
                          "SOCKS5://p", "http://[::1]:3128"}) {
    CAPTURE(url);
    CHECK(is_proxy_url(url));
  }
  for (const char* url : {"", "http://", "http://p:0x", "http://p:99999", "http://a b", "ftp://p", "file:///p"}) {
    CAPTURE(url);
    CHECK_FALSE(is_proxy_url(url));
  }
}
