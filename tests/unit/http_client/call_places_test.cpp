#include "http_client/call_places.h"

#include <doctest/doctest.h>

#include <list>
#include <string>
#include <vector>

#include "tests/unit/base/manual_scheduler.h"

namespace sma {
namespace {

struct PlacesFixture {
  /// How many of `count` calls that come now get a place at once.
  std::size_t take(std::size_t count, const std::string& role = "") {
    std::size_t granted = 0;
    for (std::size_t i = 0; i < count; ++i) {
      calls.emplace_back(places, role);
      granted += calls.back().granted().is_set() ? 1 : 0;
    }
    return granted;
  }
  [[nodiscard]] std::size_t granted() {
    std::size_t count = 0;
    for (auto& call : calls) count += call.granted().is_set() ? 1 : 0;
    return count;
  }

  ManualScheduler scheduler;
  CallPlaces places{scheduler, 16};
  std::list<CallPlaces::Place> calls;
};

TEST_CASE("calls on nobody's behalf take all places; the rest get theirs first in, first out") {
  PlacesFixture f;
  CHECK(f.take(20) == 16);
  for (std::size_t next = 16; next < 20; ++next) {
    f.calls.pop_front();
    CHECK(f.granted() == 16);
    CHECK(std::next(f.calls.begin(), 15)->granted().is_set());
  }
  f.calls.clear();
  CHECK(f.take(16) == 16);
}

TEST_CASE("a call that gives up waiting makes way for the next one, and takes no place with it") {
  PlacesFixture f;
  f.take(18);
  f.calls.erase(std::next(f.calls.begin(), 16));
  f.calls.pop_front();
  CHECK(f.granted() == 16);
  CHECK(f.calls.back().granted().is_set());
}

TEST_CASE("roles whose calls all hang leave places to others, fewer to each next one") {
  PlacesFixture f;
  CHECK(f.take(100, "one") == 8);
  CHECK(f.take(100, "two") == 4);
  CHECK(f.take(1, "three") == 1);
  CHECK(f.take(1) == 1);
}

TEST_CASE("however many roles hang, a call on nobody's behalf finds a place") {
  PlacesFixture f;
  for (int role = 0; role < 20; ++role) f.take(20, "role " + std::to_string(role));
  CHECK(f.granted() == 15);
  CHECK(f.take(1) == 1);
}

TEST_CASE("a role gets the only place there is") {
  PlacesFixture f;
  f.take(16);
  f.take(1, "one");
  f.calls.pop_front();
  CHECK(f.calls.back().granted().is_set());
}

TEST_CASE("a call that is skipped keeps its turn among those of its role") {
  PlacesFixture f;
  f.take(10, "one");
  f.take(8);
  auto ninth = std::next(f.calls.begin(), 8);
  auto tenth = std::next(f.calls.begin(), 9);
  CHECK_FALSE(ninth->granted().is_set());
  f.calls.pop_front();
  CHECK_FALSE(ninth->granted().is_set());
  f.calls.erase(std::next(tenth), f.calls.end());
  CHECK(ninth->granted().is_set());
  CHECK_FALSE(tenth->granted().is_set());
}

TEST_CASE("those who wait for a place are counted until they have one or give up") {
  PlacesFixture f;
  f.take(19);
  CHECK(f.places.waiting() == 3);
  f.calls.pop_back();
  CHECK(f.places.waiting() == 2);
  f.calls.pop_front();
  CHECK(f.places.waiting() == 1);
  f.calls.clear();
  CHECK(f.places.waiting() == 0);
}

}  // namespace
}  // namespace sma
