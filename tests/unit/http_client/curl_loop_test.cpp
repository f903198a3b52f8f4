#include "http_client/curl_loop.h"

#include <doctest/doctest.h>

#include "tests/unit/os/manual_clocks.h"

namespace sma {
namespace {

struct IgnoredTransfer final : Transfer {
  void on_done(CURLcode /*code*/) override {}
  void on_lost(const Fault& /*fault*/) override {}
};

}  // namespace

TEST_CASE("a request that curl does not take is a fault with curl's reason") {
  const ManualClocks clocks;
  EventLoop loop(clocks);
  CurlLoop curl(loop);
  IgnoredTransfer transfer;
  CURL* easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, "http://127.0.0.1:1/");
  CHECK(curl.add(easy, transfer).ok());
  const auto again = curl.add(easy, transfer);
  REQUIRE_FALSE(again.ok());
  CHECK(again.fault().message.starts_with("curl does not take the request: "));
  CHECK(again.fault().http_status == 502);
  curl.remove(easy);
  curl_easy_cleanup(easy);
}

}  // namespace sma
