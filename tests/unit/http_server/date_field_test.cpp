#include "http_server/date_field.h"

#include <doctest/doctest.h>

#include <string>

#include "os/event_loop.h"
#include "tests/unit/os/manual_clocks.h"

using namespace sma;

TEST_CASE("the date is that of the RFC's example") {
  ManualClocks clocks;
  clocks.set_wall(WallTime(Seconds(784111777)));
  EventLoop loop(clocks);
  CHECK(DateField(loop).line() == "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  clocks.set_wall(WallTime(Seconds(951782399)));
  CHECK(DateField(loop).line() == "Date: Mon, 28 Feb 2000 23:59:59 GMT\r\n");
  clocks.set_wall(WallTime(Seconds(951782400)));
  CHECK(DateField(loop).line() == "Date: Tue, 29 Feb 2000 00:00:00 GMT\r\n");
}

TEST_CASE("the date changes with the second, not before") {
  ManualClocks clocks;
  clocks.set_wall(WallTime(Seconds(784111777) + Milliseconds(400)));
  EventLoop loop(clocks);
  DateField date(loop);
  const std::string first(date.line());
  clocks.advance(Milliseconds(599));
  loop.turn(Milliseconds(0));
  CHECK(date.line() == first);
  clocks.advance(Milliseconds(1));
  loop.turn(Milliseconds(0));
  CHECK(date.line() == "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
}
