#include "base/duration_histogram.h"

#include <doctest/doctest.h>

namespace sma {
namespace {

TEST_CASE("a duration is counted in the first bucket whose bound it does not exceed") {
  DurationHistogram histogram;
  histogram.add(Nanoseconds{0});
  histogram.add(Milliseconds{5});
  histogram.add(Milliseconds{5} + Nanoseconds{1});
  histogram.add(Seconds{30});
  histogram.add(Seconds{31});
  const DurationHistogram::Buckets expected{2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1};
  CHECK(histogram.buckets() == expected);
}

TEST_CASE("the sum is that of all durations") {
  DurationHistogram histogram;
  CHECK(histogram.sum() == Nanoseconds{0});
  histogram.add(Seconds{40});
  histogram.add(Milliseconds{3});
  CHECK(histogram.sum() == Milliseconds{40003});
}

}  // namespace
}  // namespace sma
