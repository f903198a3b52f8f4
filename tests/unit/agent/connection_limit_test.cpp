#include "agent/connection_limit.h"

#include <doctest/doctest.h>

#include "tests/unit/base/log_lines.h"

namespace sma {
namespace {

TEST_CASE("max_conn is lowered, with a warning, to what the limit of open files leaves") {
  LogLines lines;
  Log log(&lines, LogLevel::info);
  Settings settings;
  CHECK(fitting_connections(settings, 1024, log) == 800);
  CHECK(fitting_connections(settings, 880, log) == 800);
  CHECK(lines.count("max_conn") == 0);
  CHECK(fitting_connections(settings, 879, log) == 799);
  CHECK(lines.count("limit=879 max_conn=800 lowered_to=799") == 1);
  CHECK(fitting_connections(settings, 0, log) == 1);
  settings.max_conn = 1;
  CHECK(fitting_connections(settings, 0, log) == 1);
}

TEST_CASE("the connections of metrics_address are kept free") {
  LogLines lines;
  Log log(&lines, LogLevel::info);
  Settings settings;
  settings.metrics_address = "[::]:9772";
  CHECK(fitting_connections(settings, 913, log) == 800);
  CHECK(fitting_connections(settings, 912, log) == 799);
}

}  // namespace
}  // namespace sma
