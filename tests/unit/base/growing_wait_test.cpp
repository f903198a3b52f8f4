#include "base/growing_wait.h"

#include <doctest/doctest.h>

#include "tests/unit/base/equal_bytes.h"

namespace sma {
namespace {

TEST_CASE("a wait is half of its limit and a random part of the other half; the limit doubles up to the longest") {
  EqualBytes lowest(0x00);
  GrowingWait wait(Seconds{1}, Seconds{3});
  CHECK(wait.next(lowest) == Milliseconds{500});
  CHECK(wait.next(lowest) == Seconds{1});
  CHECK(wait.next(lowest) == Milliseconds{1500});
  CHECK(wait.next(lowest) == Milliseconds{1500});
  EqualBytes highest(0xFF);
  const Nanoseconds last = wait.next(highest);
  CHECK(last > Milliseconds{2900});
  CHECK(last <= Seconds{3});
}

TEST_CASE("after a reset the first wait comes again") {
  EqualBytes lowest(0x00);
  GrowingWait wait(Seconds{1}, Seconds{60});
  for (int i = 0; i < 10; ++i) static_cast<void>(wait.next(lowest));
  wait.reset();
  CHECK(wait.next(lowest) == Milliseconds{500});
}

}  // namespace
}  // namespace sma
