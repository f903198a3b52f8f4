#include "http_server/kept_request.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

namespace sma {

TEST_CASE("a kept request has all that the request had, also after its buffer is gone and it was moved") {
  std::string buffer = "GET /v1/a secretId=b X-Token hunter2 Host h";
  ServerRequest request;
  const std::string_view text = buffer;
  request.method = text.substr(0, 3);
  request.path = text.substr(4, 5);
  request.query = text.substr(10, 10);
  request.minor_version = 0;
  request.admission = Admission::ping_only;
  request.add_field({text.substr(21, 7), text.substr(29, 7)});
  request.add_field({text.substr(37, 4), text.substr(42, 1)});
  KeptRequest first(request);
  buffer.assign(buffer.size(), '.');
  const KeptRequest kept(std::move(first));
  CHECK(kept.get().method == "GET");
  CHECK(kept.get().path == "/v1/a");
  CHECK(kept.get().query == "secretId=b");
  CHECK(kept.get().minor_version == 0);
  CHECK(kept.get().admission == Admission::ping_only);
  REQUIRE(kept.get().fields().size() == 2);
  CHECK(kept.get().field("x-token") == "hunter2");
  CHECK(kept.get().field("host") == "h");
}

}  // namespace sma
