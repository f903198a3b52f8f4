#include "secrets/cache.h"

#include <doctest/doctest.h>

#include "tests/unit/secrets/store_fixture.h"

namespace sma {
namespace {

constexpr std::size_t kPlenty = std::size_t{1} << 20;

CachedSecret cached(std::string_view text, std::string_view arn = "arn", Seconds as_of = Seconds{0}) {
  return {.answer = SharedBytes(text),
          .arn = std::string(arn),
          .version_id = "v",
          .fetched = TimePoint(as_of),
          .as_of = TimePoint(as_of),
          .fresh_until = TimePoint(as_of + Seconds{300})};
}

SecretKey key(std::string_view id, std::string_view role = {}) { return {std::string(id), {}, {}, std::string(role)}; }

std::string_view held(Cache& cache, const SecretKey& what) {
  const CachedSecret* found = cache.find(what);
  return found == nullptr ? std::string_view("nothing") : found->answer.view();
}

TEST_CASE("each part of the key makes an entry of its own") {
  Cache cache(10, kPlenty);
  const SecretKey keys[] = {{"id", "", "", ""},  {"id", "v", "", ""}, {"id", "", "v", ""},
                            {"id", "", "", "v"}, {"", "v", "", ""},   {"idv", "", "", ""}};
  for (std::size_t i = 0; i < std::size(keys); ++i) cache.store(keys[i], cached(std::to_string(i)));
  for (std::size_t i = 0; i < std::size(keys); ++i) CHECK(held(cache, keys[i]) == std::to_string(i));
}

TEST_CASE("a role's least recently used entry leaves when the role is full, and no other role's") {
  Cache cache(2, kPlenty);
  cache.store(key("other", "role"), cached("o"));
  cache.store(key("a"), cached("a"));
  cache.store(key("b"), cached("b"));
  cache.use(*cache.find(key("a")));
  cache.use(*cache.find(key("a")));
  cache.store(key("c"), cached("c"));
  CHECK(held(cache, key("a")) == "a");
  CHECK(held(cache, key("b")) == "nothing");
  CHECK(held(cache, key("c")) == "c");
  CHECK(held(cache, key("other", "role")) == "o");
  CHECK(cache.entries("") == 2);
  CHECK(cache.entries("role") == 1);
  CHECK(cache.entries("unknown") == 0);
}

TEST_CASE("an entry of a watched key is not evicted, and takes no place of its role's") {
  Cache cache(1, 20000);
  cache.store(key("early"), cached("early"));
  cache.watch(key("early"));
  cache.watch(key("late"));
  cache.store(key("late"), cached("late"));
  CHECK(cache.entries("") == 0);
  for (const char* id : {"a", "b"}) cache.store(key(id), cached(std::string(9000, 'x')));
  CHECK(held(cache, key("a")) == "nothing");
  CHECK(cache.entries("") == 1);
  cache.store(key("c", "role"), cached(std::string(12000, 'x')));
  CHECK(held(cache, key("early")) == "early");
  CHECK(held(cache, key("late")) == "late");
  CHECK(cache.expire_all(TimePoint{}) == 3);
  cache.use(*cache.find(key("early")));
  cache.store(key("early"), cached("newer", "arn", Seconds{1}));
  CHECK(held(cache, key("early")) == "newer");
  CHECK(cache.remove(key("early")));
  CHECK(held(cache, key("early")) == "nothing");
  CHECK(cache.remove_role("") == 1);
  CHECK(held(cache, key("late")) == "nothing");
}

TEST_CASE("an entry under several keys is watched if one of them is") {
  Cache cache(1, kPlenty);
  cache.watch(key("name"));
  CHECK(cache.fill({"arn-of-name", "name"}, "", cached("prefetched"), kPlenty));
  cache.store(key("a"), cached("a"));
  cache.store(key("b"), cached("b"));
  CHECK(held(cache, key("arn-of-name")) == "prefetched");
}

TEST_CASE("the least recently used entry of all roles leaves when the bytes are too many") {
  const std::string big(4000, 'x');
  Cache cache(100, 15000);
  cache.store(key("a", "one"), cached(big));
  cache.store(key("b", "two"), cached(big));
  cache.store(key("c", "one"), cached(big));
  cache.use(*cache.find(key("a", "one")));
  cache.store(key("d", "three"), cached(big));
  CHECK(held(cache, key("b", "two")) == "nothing");
  CHECK(held(cache, key("a", "one")) == big);
  CHECK(held(cache, key("c", "one")) == big);
  CHECK(held(cache, key("d", "three")) == big);
  CHECK(cache.bytes() <= 15000);
}

TEST_CASE("bytes count the answer and what keeping it costs, and come back") {
  Cache cache(100, kPlenty);
  cache.store(key("a"), cached(std::string(1000, 'x')));
  const std::size_t one = cache.bytes();
  CHECK(one > 1200);
  CHECK(one < 2000);
  cache.store(key(std::string(200, 'i'), std::string(100, 'r')), cached(std::string(1000, 'x'), std::string(100, 'a')));
  CHECK(cache.bytes() > 2 * one + 300);
  cache.store(key("a"), cached("small", "arn", Seconds{1}));
  cache.clear();
  CHECK(cache.bytes() == 0);
  CHECK(held(cache, key("a")) == "nothing");
}

TEST_CASE("an answer larger than the cache is not kept, throws nothing out, and ends what it replaces") {
  Cache cache(10, 10000);
  cache.store(key("a"), cached("a"));
  cache.store(key("b"), cached("b"));
  cache.store(key("a"), cached(std::string(10000, 'x')));
  CHECK(held(cache, key("a")) == "nothing");
  CHECK(held(cache, key("b")) == "b");
}

TEST_CASE("what is removed is gone under all its keys, and wiped") {
  Cache cache(10, kPlenty);
  CachedSecret secret = cached("prefetched");
  [[maybe_unused]] const std::string_view bytes = secret.answer.view();
  CHECK(cache.fill({"a", "arn-of-a"}, "", std::move(secret), kPlenty));
  cache.store(key("b"), cached("b"));
  cache.store(key("a", "role"), cached("of role"));
  CHECK(cache.remove(key("arn-of-a")));
  CHECK(is_freed(bytes));
  CHECK(held(cache, key("a")) == "nothing");
  CHECK(held(cache, key("arn-of-a")) == "nothing");
  CHECK(held(cache, key("b")) == "b");
  CHECK(held(cache, key("a", "role")) == "of role");
  CHECK(cache.entries("") == 1);
  CHECK_FALSE(cache.remove(key("a")));
  CHECK(cache.remove(key("b")));
  CHECK(cache.remove(key("a", "role")));
  CHECK(cache.bytes() == 0);
}

TEST_CASE("a role that is removed loses all its entries, and no other role does") {
  Cache cache(10, kPlenty);
  for (const char* id : {"a", "b", "c"}) {
    cache.store(key(id), cached("plain"));
    cache.store(key(id, "role"), cached("of role"));
  }
  CHECK(cache.remove_role("role") == 3);
  CHECK(cache.remove_role("role") == 0);
  CHECK(cache.remove_role("unknown") == 0);
  CHECK(cache.entries("role") == 0);
  for (const char* id : {"a", "b", "c"}) {
    CHECK(held(cache, key(id, "role")) == "nothing");
    CHECK(held(cache, key(id)) == "plain");
  }
  cache.store(key("a", "role"), cached("again"));
  CHECK(held(cache, key("a", "role")) == "again");
}

TEST_CASE("all entries expire together, and each counts once") {
  Cache cache(10, kPlenty);
  CHECK(cache.expire_all(TimePoint(Seconds{1})) == 0);
  cache.store(key("a"), cached("a"));
  cache.store(key("b", "role"), cached("b"));
  CHECK(cache.fill({"c", "arn-of-c"}, "role", cached("c"), kPlenty));
  CHECK(cache.expire_all(TimePoint(Seconds{7})) == 3);
  CHECK(cache.find(key("a"))->fresh_until == TimePoint(Seconds{7}));
  CHECK(cache.find(key("arn-of-c", "role"))->fresh_until == TimePoint(Seconds{7}));
  CHECK(cache.expire_all(TimePoint(Seconds{8})) == 3);
  CHECK(cache.find(key("b", "role"))->fresh_until == TimePoint(Seconds{7}));
}

TEST_CASE("a cache of no entries keeps nothing") {
  Cache cache(0, kPlenty);
  cache.store(key("a"), cached("a"));
  CHECK(held(cache, key("a")) == "nothing");
  CHECK_FALSE(cache.fill({"b"}, {}, cached("b"), kPlenty));
  CHECK(cache.bytes() == 0);
}

TEST_CASE("a value asked for earlier does not replace a later one") {
  Cache cache(10, kPlenty);
  cache.store(key("a"), cached("new", "arn", Seconds{5}));
  cache.store(key("a"), cached("old", "arn", Seconds{4}));
  CHECK(held(cache, key("a")) == "new");
}

TEST_CASE("a prefetched secret is found under several ids and counted once") {
  Cache cache(10, kPlenty);
  CHECK(cache.fill({"name", "arn", "name"}, "role", cached("x"), kPlenty));
  CHECK(held(cache, key("name", "role")) == "x");
  CHECK(held(cache, key("arn", "role")) == "x");
  CHECK(held(cache, key("name")) == "nothing");
  CHECK(cache.entries("role") == 1);

  SUBCASE("a new value of the same secret is found under both") {
    cache.store(key("name", "role"), cached("y", "arn", Seconds{1}));
    CHECK(held(cache, key("arn", "role")) == "y");
    CHECK(cache.entries("role") == 1);
  }
  SUBCASE("another secret under the same name does not answer for the old ARN") {
    cache.store(key("name", "role"), cached("y", "another arn", Seconds{1}));
    CHECK(held(cache, key("name", "role")) == "y");
    CHECK(held(cache, key("arn", "role")) == "nothing");
  }
  SUBCASE("a version of it is another entry") {
    cache.store({"name", "v", "", "role"}, cached("y"));
    CHECK(held(cache, key("name", "role")) == "x");
    CHECK(cache.entries("role") == 2);
  }
}

TEST_CASE("prefetched secrets that nobody asked for leave first, and push nothing out") {
  Cache cache(3, kPlenty);
  cache.store(key("used"), cached("u"));
  CHECK(cache.fill({"first"}, {}, cached("1"), kPlenty));
  CHECK(cache.fill({"second"}, {}, cached("2"), kPlenty));
  CHECK_FALSE(cache.fill({"third"}, {}, cached("3"), kPlenty));
  cache.store(key("new"), cached("n"));
  CHECK(held(cache, key("used")) == "u");
  CHECK(held(cache, key("first")) == "1");
  CHECK(held(cache, key("second")) == "nothing");
}

TEST_CASE("prefetch stops at its own limit of bytes") {
  Cache cache(10, kPlenty);
  CHECK(cache.fill({"a"}, {}, cached(std::string(1000, 'x')), 2000));
  CHECK_FALSE(cache.fill({"b"}, {}, cached(std::string(1000, 'x')), 2000));
  CHECK(held(cache, key("b")) == "nothing");
}

TEST_CASE("what leaves the cache is freed at once, unless an unsent answer holds it") {
  Cache cache(1, kPlenty);
  cache.store(key("a"), cached("first"));
  const std::string_view first = cache.find(key("a"))->answer.view();
  cache.store(key("a"), cached("second", "arn", Seconds{1}));
  CHECK(is_freed(first));
  const std::string_view second = cache.find(key("a"))->answer.view();
  {
    const SharedBytes unsent = cache.find(key("a"))->answer;
    cache.store(key("b"), cached("third"));
    CHECK(unsent.view() == "second");
  }
  CHECK(is_freed(second));
  const std::string_view third = cache.find(key("b"))->answer.view();
  cache.clear();
  CHECK(is_freed(third));
}

TEST_CASE("entries that leave for others are counted, and those that are replaced or removed are not") {
  Cache cache(2, kPlenty);
  for (const char* id : {"a", "b", "c"}) cache.store(key(id), cached(id));
  CHECK(cache.entries() == 2);
  CHECK(cache.evictions() == 1);
  cache.store(key("c"), cached("again"));
  CHECK(cache.remove(key("b")));
  CHECK(cache.entries() == 1);
  CHECK(cache.evictions() == 1);
}

}  // namespace
}  // namespace sma
