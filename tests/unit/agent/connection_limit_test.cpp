#include "agent/connection_limit.h"

#include <doctest/doctest.h>

#include "tests/unit/base/log_lines.h"

namespace sma {
namespace {

TEST_CASE("max_conn is lowered, with a warning, to what the limit of open files leaves") {
  LogLines lines;
  Log log(&lines, LogLevel::info);
  CHECK(fitting_connections(800, 1024, log) == 800);
  CHECK(fitting_connections(800, 880, log) == 800);
  CHECK(lines.count("max_conn") == 0);
  CHECK(fitting_connections(800, 879, log) == 799);
  CHECK(lines.count("limit=879 max_conn=800 lowered_to=799") == 1);
  CHECK(fitting_connections(800, 0, log) == 1);
  CHECK(fitting_connections(1, 0, log) == 1);
}

}  // namespace
}  // namespace sma
