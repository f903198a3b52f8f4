#include "http_client/no_proxy.h"

#include <doctest/doctest.h>

namespace sma {
namespace {

using Places = std::vector<std::size_t>;

bool exempts(std::string_view list, std::string_view host, int port = 443) { return NoProxy(list).exempts(host, port); }

TEST_CASE("a name exempts itself and what is below it, in any case") {
  CHECK(exempts("Example.COM", "example.com"));
  CHECK(exempts("example.com", "a.b.example.com"));
  CHECK(exempts("example.com.", "example.com"));
  CHECK(exempts("example.com", "example.com."));
  CHECK_FALSE(exempts("example.com", "badexample.com"));
  CHECK_FALSE(exempts("example.com", "example.com.net"));
}

TEST_CASE("a name after a dot, or after an asterisk and a dot, exempts only what is below it") {
  for (const char* entry : {".amazonaws.com", "*.amazonaws.com"}) {
    CAPTURE(entry);
    CHECK(exempts(entry, "sts.eu-west-1.amazonaws.com"));
    CHECK_FALSE(exempts(entry, "amazonaws.com"));
    CHECK_FALSE(exempts(entry, "xamazonaws.com"));
    CHECK(NoProxy(entry).not_understood().empty());
  }
}

TEST_CASE("an entry with a port exempts that port only") {
  CHECK(exempts("example.com:443", "a.example.com"));
  CHECK_FALSE(exempts("example.com:443", "a.example.com", 8443));
  CHECK(exempts("10.0.0.1:443", "10.0.0.1"));
  CHECK_FALSE(exempts("10.0.0.1:80", "10.0.0.1"));
  CHECK(exempts("[fd00::1]:443", "fd00::1"));
  CHECK_FALSE(exempts("[fd00::1]:80", "fd00::1"));
  CHECK(exempts("example.com:", "example.com", 1));
}

TEST_CASE("addresses and networks exempt addresses, however they are written") {
  CHECK(exempts("10.0.0.1", "10.0.0.1"));
  CHECK(exempts("fd00:0::1", "fd00::1"));
  CHECK(exempts("[fd00::1]", "fd00::1"));
  CHECK(exempts("10.0.0.0/8", "10.9.8.7"));
  CHECK(exempts("fd00::/8", "fd00::1"));
  CHECK_FALSE(exempts("10.0.0.0/8", "11.0.0.1"));
  CHECK_FALSE(exempts("10.0.0.0/8", "example.com"));
}

TEST_CASE("an asterisk exempts everything") {
  CHECK(exempts("*", "example.com"));
  CHECK(exempts("a, *", "::1", 1));
}

TEST_CASE("white space around entries and empty entries mean nothing") {
  CHECK(exempts(" a.example ,\t, b.example ,", "b.example"));
  CHECK(exempts(" a.example , b.example", "a.example"));
  CHECK_FALSE(exempts("", "a.example"));
  CHECK_FALSE(exempts(" , ,", "a.example"));
  CHECK(NoProxy(" , ,").not_understood().empty());
}

TEST_CASE("what is not understood exempts nothing and is known by its place, and the rest counts") {
  const NoProxy list("a.example b.example,c.example,10.0.0.0/33,http://d.example,:443,e.example:https,f*.example,[::1");
  CHECK(list.not_understood() == Places{1, 3, 4, 5, 6, 7, 8});
  CHECK(list.exempts("c.example", 443));
  for (const char* host : {"a.example", "b.example", "10.0.0.1", "d.example", "e.example", "f.example", "::1"})
    CHECK_FALSE(list.exempts(host, 443));
  for (const char* entry :
       {"*.*.example", "a..example", ".", "*.", "a:99999", "[a]:1", "[::1]x", "[::1]443", "a.example.."}) {
    CAPTURE(entry);
    CHECK(NoProxy(entry).not_understood() == Places{1});
  }
}

TEST_CASE("an address with a fault, or a part of one, is no name") {
  for (const char* entry :
       {"0.1", "10.0.0.", "10.", "*.0.0.1", "10.0.0.256", "010.0.0.1", "10.0.0.1.1", "1", "10.0.0.0/-0", "10.0.0.0/+8",
        "10.0.0.0/", "10.0.0.0/8:443", "fd00::/129", "fd00::1%eth0"}) {
    CAPTURE(entry);
    CHECK(NoProxy(entry).not_understood() == Places{1});
    CHECK_FALSE(exempts(entry, "10.0.0.1"));
    CHECK_FALSE(exempts(entry, "fd00::1"));
  }
}

TEST_CASE("a name that is not ASCII is not understood, so that white space of another script is found") {
  CHECK(NoProxy("\xC2\xA0"
                "a.example,b\xC3\xBC.example,xn--b-xka.example")
            .not_understood() == Places{1, 2});
}

}  // namespace
}  // namespace sma
