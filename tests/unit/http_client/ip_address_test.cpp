#include "http_client/ip_address.h"

#include <doctest/doctest.h>

namespace sma {
namespace {

TEST_CASE("only numeric addresses are addresses, and IPv4 is the same within IPv6") {
  CHECK(parse_ip_address("10.0.0.1") == parse_ip_address("::ffff:10.0.0.1"));
  CHECK(is_ipv4(*parse_ip_address("10.0.0.1")));
  CHECK_FALSE(is_ipv4(*parse_ip_address("::1")));
  using std::string_view_literals::operator""sv;
  for (const std::string_view text : {""sv, "10.0.0"sv, "10.0.0.1.2"sv, "[::1]"sv, "a"sv, "::1%lo"sv, "10.0.0.1\0x"sv})
    CHECK_FALSE(parse_ip_address(text).has_value());
}

TEST_CASE("a network contains the addresses that begin as it does") {
  const auto contains = [](std::string_view network, std::string_view address) {
    return parse_ip_network(network)->contains(*parse_ip_address(address));
  };
  CHECK(contains("10.0.0.0/8", "10.255.0.1"));
  CHECK_FALSE(contains("10.0.0.0/8", "11.0.0.1"));
  CHECK(contains("10.1.2.3/9", "10.127.0.1"));
  CHECK_FALSE(contains("10.1.2.3/9", "10.128.0.1"));
  CHECK(contains("10.0.0.1/32", "10.0.0.1"));
  CHECK_FALSE(contains("10.0.0.1/32", "10.0.0.0"));
  CHECK(contains("0.0.0.0/0", "1.2.3.4"));
  CHECK(contains("fd00::/8", "fdff::1"));
  CHECK_FALSE(contains("fd00::/8", "fe00::1"));
  CHECK(contains("::1/128", "::1"));
  CHECK(contains("::/0", "::1"));
  CHECK_FALSE(contains("::/0", "10.0.0.1"));
  CHECK_FALSE(contains("0.0.0.0/0", "::1"));
}

TEST_CASE("what is no network is none") {
  for (const char* text :
       {"10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "a/8", "/8", "10.0.0.0/8/8"})
    CHECK_FALSE(parse_ip_network(text).has_value());
}

}  // namespace
}  // namespace sma
