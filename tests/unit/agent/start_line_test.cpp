#include "agent/start_line.h"

#include <doctest/doctest.h>

namespace sma {
namespace {

TEST_CASE("the start line names version and port, as either version of AWS's agent has it") {
  CHECK(start_line(false, 2773) == "Agent/" SMA_VERSION " listening on http://127.0.0.1:2773");
  CHECK(start_line(true, 1) == "Secrets Manager Provider/" SMA_VERSION " listening on http://127.0.0.1:1");
}

}  // namespace
}  // namespace sma
