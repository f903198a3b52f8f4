#include "agent/own_requests.h"

#include <doctest/doctest.h>

namespace sma {
namespace {

TEST_CASE("a request about the agent yields if its path begins with path_prefix") {
  for (const char* prefix : {"/", "/s", "/status"}) CHECK_FALSE(is_path_served(kStatusPath, prefix));
  for (const char* prefix : {"/v1/", "/status/", "/statuses"}) CHECK(is_path_served(kStatusPath, prefix));
}

TEST_CASE("the metrics have the content type that tells the version of their format") {
  const ServerResponse response = metrics_answer(SharedBytes("a 1\n"));
  CHECK(response.status == 200);
  CHECK(response.content_type == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(response.body.view() == "a 1\n");
}

}  // namespace
}  // namespace sma
