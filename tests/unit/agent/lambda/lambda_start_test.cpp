#include "agent/lambda/lambda_start.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

namespace sma {
namespace {

std::optional<LambdaStart> start_with(std::map<std::string, std::string, std::less<>> variables) {
  return lambda_start(Environment(std::move(variables)));
}

TEST_CASE("the extension starts only if Lambda's API is known") {
  CHECK_FALSE(start_with({}));
  CHECK_FALSE(start_with({{"AWS_LAMBDA_RUNTIME_API", " "}}));
  const auto start = start_with({{"AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"}});
  REQUIRE(start);
  CHECK(start->api == "127.0.0.1:9001");
  CHECK_FALSE(start->snap_start);
}

TEST_CASE("SnapStart is one of several initialisation types") {
  for (const bool snap_start : {true, false}) {
    const auto start = start_with({{"AWS_LAMBDA_RUNTIME_API", "a:1"},
                                   {"AWS_LAMBDA_INITIALIZATION_TYPE", snap_start ? "snap-start" : "on-demand"}});
    REQUIRE(start);
    CHECK(start->snap_start == snap_start);
  }
}

}  // namespace
}  // namespace sma
