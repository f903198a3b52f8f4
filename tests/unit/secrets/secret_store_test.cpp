#include "secrets/secret_store.h"

#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include "tests/unit/secrets/store_fixture.h"

namespace sma {
namespace {

/// A cached secret that has just expired.
struct Expired : StoreFixture {
  explicit Expired(SecretStoreSettings settings = {}) : StoreFixture(settings) {
    cache("db", "v1", "old");
    scheduler.advance(Seconds{301});
  }
};

TEST_CASE("a client that a cached value can serve gets it after 5 s at most, and the fetch goes on") {
  Expired f;
  Task<Answer> client = f.ask("db");
  f.source.last().send();
  f.scheduler.advance(Seconds{5} - Nanoseconds{1});
  CHECK_FALSE(client.done());
  f.scheduler.advance(Nanoseconds{1});
  CHECK(text_of(client) == "old");
  CHECK_FALSE(f.is_fresh("db"));
  CHECK(f.lines.count("WARN") == 1);

  SUBCASE("and its answer is kept") {
    f.finish(Result<SecretVersions>(versions("v2", {"AWSCURRENT"})));
    f.reply(secret("db", "v2", "new"));
    CHECK(f.store.fresh(f.key("db"))->bytes.view() == "new");
  }
  SUBCASE("and when it fails the value stands in for 30 s more") {
    f.scheduler.advance(Seconds{50});
    f.finish(Fault::timeout("late"));
    f.scheduler.advance(Seconds{30});
    CHECK(f.is_fresh("db"));
  }
  SUBCASE("and a later client joins it and does not wait again, without a second line in the log") {
    Task<Answer> later = f.ask("db");
    CHECK(text_of(later) == "old");
    CHECK(f.source.operations() == "get describe");
    CHECK(f.lines.count("WARN") == 1);
  }
}

TEST_CASE("the status tells age, uses and the last fault of each cached secret, and is no use itself") {
  Expired f;
  const auto only = [&] {
    const std::vector<SecretStatus> all = f.store.status();
    REQUIRE(all.size() == 1);
    return all.front();
  };
  CHECK(only().id == "db");
  CHECK(only().version_id == "v1");
  CHECK(only().age == Seconds{301});
  CHECK(only().fresh_for == Seconds{0});
  const std::uint64_t uses = only().uses;
  CHECK(only().last_error.empty());

  Task<Answer> client = f.ask("db");
  f.source.last().send();
  f.finish(Fault::timeout("late"));
  CHECK(text_of(client) == "old");
  CHECK(only().last_error == "TimeoutError");
  CHECK(only().uses == uses + 1);
  CHECK(f.is_fresh("db"));
  CHECK(only().uses == uses + 2);
  CHECK(only().fresh_for > Seconds{0});
}

TEST_CASE("a client goes on waiting if the cached value was evicted in those 5 s") {
  Expired f({.cache_size = 1});
  Task<Answer> client = f.ask("db");
  const auto call = f.source.calls.back();
  f.cache("api", "v1", "x");
  f.scheduler.advance(Seconds{10});
  CHECK_FALSE(client.done());
  call->send();
  call->give(refusal("AccessDeniedException"));
  f.scheduler.run_until_idle();
  f.reply(secret("db", "v2", "new"));
  CHECK(text_of(client) == "new");
}

TEST_CASE("refreshNow, a missing key and a strict agent wait for AWS as long as their client does") {
  Expired f;
  Expired strict({.ignore_transient_errors = false});
  Task<Answer> forced = f.refresh("db");
  Task<Answer> missing = f.ask("api");
  Task<Answer> expired = strict.ask("db");
  f.scheduler.advance(Seconds{58} - Nanoseconds{1});
  strict.scheduler.advance(Seconds{58} - Nanoseconds{1});
  CHECK_FALSE((forced.done() || missing.done() || expired.done()));
  f.scheduler.advance(Nanoseconds{1});
  strict.scheduler.advance(Nanoseconds{1});
  REQUIRE(missing.done());
  const Answer answer = missing.take();
  CHECK(answer.fault().http_status == 504);
  CHECK(answer.fault().code == "TimeoutError");
  CHECK(text_of(forced) == "TimeoutError");
  CHECK(text_of(expired) == "TimeoutError");
}

TEST_CASE("a client's deadline before those 5 s brings it the cached value") {
  Expired f;
  Task<Answer> client = f.ask(f.key("db"), false, Seconds{2});
  f.scheduler.advance(Seconds{2});
  CHECK(text_of(client) == "old");
}

TEST_CASE("a client that comes after the deadline is answered so at once") {
  StoreFixture f;
  Task<Answer> client = f.ask(f.key("db"), false, Seconds{-1});
  CHECK(text_of(client) == "TimeoutError");
}

TEST_CASE("a busy agent serves the cached value") {
  Expired f;
  std::vector<Task<Answer>> clients;
  for (std::size_t i = 0; i < FetchTable::kMaxFetches; ++i) clients.push_back(f.ask(f.key("s" + std::to_string(i))));
  Task<Answer> ordinary = f.ask("db");
  CHECK(text_of(ordinary) == "old");
  CHECK(f.lines.count("secret_id=db error=Busy") == 1);
  Task<Answer> forced = f.refresh("db");
  CHECK(text_of(forced) == "Busy");
}

/// A cached secret, aged 240 s of its 300: with the least that can be drawn, the next use has it renewed.
struct Aging : StoreFixture {
  explicit Aging(SecretStoreSettings settings = {}) : StoreFixture(settings, 0) {
    cache("db", "v1", "old");
    scheduler.advance(Seconds{240});
  }
};

TEST_CASE("a use from 80 percent of the TTL on is answered from memory and starts one fetch ahead of time") {
  StoreFixture f({}, 0);
  f.cache("db", "v1", "old");
  f.scheduler.advance(Seconds{240} - Nanoseconds{1});
  CHECK(f.is_fresh("db"));
  f.scheduler.run_until_idle();
  CHECK(f.source.operations() == "get");
  f.scheduler.advance(Nanoseconds{1});
  for (int i = 0; i < 3; ++i) CHECK(f.store.fresh(f.key("db"))->bytes.view() == "old");
  Task<Answer> client = f.ask("db");
  CHECK(text_of(client) == "old");
  CHECK(f.source.operations() == "get describe");
  f.source.last().send();

  SUBCASE("whose DescribeSecret makes the entry fresh again") {
    f.finish(Result<SecretVersions>(versions("v1", {"AWSCURRENT"})));
    f.scheduler.advance(Seconds{240} - Nanoseconds{1});
    CHECK(f.is_fresh("db"));
    f.scheduler.run_until_idle();
    CHECK(f.source.operations() == "get describe");
    f.scheduler.advance(Nanoseconds{1});
    CHECK(f.is_fresh("db"));
    f.scheduler.run_until_idle();
    CHECK(f.source.operations() == "get describe describe");
  }
  SUBCASE("which brings a new version") {
    f.finish(Result<SecretVersions>(versions("v2", {"AWSCURRENT"})));
    CHECK(f.is_fresh("db"));
    f.reply(secret("db", "v2", "new"));
    CHECK(f.store.fresh(f.key("db"))->bytes.view() == "new");
    CHECK(f.source.operations() == "get describe get");
  }
  SUBCASE("which an ordinary client joins once the TTL is over, and refreshNow while it is unsent") {
    f.scheduler.advance(Seconds{61});
    Task<Answer> late = f.ask("db");
    CHECK(text_of(late) == "old");  // the fetch has been slow for 5 s already
    CHECK(f.source.operations() == "get describe");
  }
}

TEST_CASE("a fetch ahead of time that fails transiently changes nothing until the TTL is over") {
  Aging f;
  CHECK(f.is_fresh("db"));
  f.scheduler.run_until_idle();
  f.reply(Fault::connection("reset"));
  CHECK(f.lines.count("WARN") == 0);
  f.scheduler.advance(Seconds{60});
  CHECK(f.is_fresh("db"));
  f.scheduler.run_until_idle();
  CHECK(f.source.operations() == "get describe");
  f.scheduler.advance(Nanoseconds{1});
  CHECK_FALSE(f.is_fresh("db"));
  Task<Answer> client = f.ask("db");
  CHECK(f.source.operations() == "get describe describe");
  f.reply(Fault::connection("reset"));
  CHECK(text_of(client) == "old");
  CHECK(f.lines.count("WARN") == 1);
}

TEST_CASE("a fetch ahead of time that fails once the TTL is over lets the value stand in") {
  Aging f;
  CHECK(f.is_fresh("db"));
  f.scheduler.advance(Seconds{61});
  f.reply(Fault::connection("reset"));
  CHECK(f.is_fresh("db"));
  CHECK(f.lines.count("retry_in_seconds=30") == 1);
}

TEST_CASE("a value that stands in after a fault is not renewed ahead of time") {
  StoreFixture f({}, 0);
  f.cache("db", "v1", "old");
  f.scheduler.advance(Seconds{301});
  Task<Answer> client = f.ask("db");
  f.reply(Fault::connection("reset"));
  f.scheduler.advance(Seconds{29});
  CHECK(f.is_fresh("db"));
  f.scheduler.run_until_idle();
  CHECK(f.source.operations() == "get describe");
}

TEST_CASE("a prefetched secret is renewed ahead of time, once under all its names") {
  StoreFixture f({}, 0);
  f.store.prefetched({"db", arn_of("db")}, {}, secret("db", "v1", "old"), f.scheduler.now(), 1.0);
  f.scheduler.advance(Seconds{240});
  CHECK(f.is_fresh("db"));
  CHECK(f.is_fresh(f.key(arn_of("db"))));
  f.scheduler.run_until_idle();
  CHECK(f.source.operations() == "describe");
}

TEST_CASE("a secret that nobody uses is not renewed") {
  Aging f;
  f.scheduler.advance(Seconds{10'000});
  CHECK(f.source.operations() == "get");
}

TEST_CASE("a refreshNow that is under way is the fetch ahead of time, unless it fails") {
  Aging f;
  Task<Answer> forced = f.refresh("db");
  CHECK(f.is_fresh("db"));
  f.scheduler.run_until_idle();
  CHECK(f.source.operations() == "get get");
  f.reply(Fault::connection("reset"));
  CHECK(text_of(forced) == "ConnectionError");
  CHECK(f.is_fresh("db"));
  f.scheduler.run_until_idle();
  CHECK(f.source.operations() == "get get describe");
}

TEST_CASE("with 1024 fetches under way none starts ahead of time, without a line in the log") {
  Aging f;
  f.lines.lines.clear();
  std::vector<Task<Answer>> clients;
  for (std::size_t i = 0; i < FetchTable::kMaxFetches; ++i) clients.push_back(f.ask(f.key("s" + std::to_string(i))));
  CHECK(f.is_fresh("db"));
  f.scheduler.run_until_idle();
  CHECK(f.source.calls.size() == FetchTable::kMaxFetches + 1);
  CHECK(f.lines.lines.empty());

  f.reply(secret("s1023", "v1", "x"));
  CHECK(f.is_fresh("db"));
  f.scheduler.run_until_idle();
  CHECK(f.source.last().operation == "describe");
}

TEST_CASE("nothing is renewed once the agent stops") {
  Aging f;
  f.store.cancel_all();
  CHECK(f.is_fresh("db"));
  f.scheduler.run_until_idle();
  CHECK(f.source.operations() == "get");
}

TEST_CASE("a client that asks all the time waits once, and costs at most 1.25 calls a TTL") {
  constexpr Seconds kTtl{2};
  constexpr int kTtls = 200;
  for (const std::uint8_t drawn : {std::uint8_t{0}, std::uint8_t{0x80}, std::uint8_t{0xFF}}) {
    for (const Milliseconds latency : {Milliseconds{1}, Milliseconds{150}, Milliseconds{200}}) {
      CAPTURE(drawn);
      CAPTURE(latency.count());
      StoreFixture f({.ttl = kTtl}, drawn);
      f.cache("db", "v1", "value");
      std::optional<TimePoint> answered_at;
      f.source.on_call = [&](const auto& call) {
        call->send();
        answered_at = f.scheduler.now() + latency;
      };
      const TimePoint end = f.scheduler.now() + kTtl * kTtls;
      int waits = 0;
      for (; f.scheduler.now() < end; f.scheduler.advance(Milliseconds{1})) {
        if (answered_at == f.scheduler.now()) f.finish(Result<SecretVersions>(versions("v1", {"AWSCURRENT"})));
        waits += f.is_fresh("db") ? 0 : 1;
      }
      CHECK(waits == 0);
      CHECK(f.source.calls.size() <= kTtls * 5 / 4);
      CHECK(f.source.calls.size() >= kTtls);
    }
  }
}

TEST_CASE("after all secrets expired each is asked for again, and stands in if AWS cannot be reached") {
  StoreFixture f;
  f.cache("db", "v1", "old");
  f.cache("api", "v1", "old");
  CHECK(f.store.expire_all() == 2);
  CHECK_FALSE(f.is_fresh("db"));
  f.scheduler.advance(Nanoseconds{1});
  Task<Answer> db = f.ask("db");
  f.reply(Result<SecretVersions>(versions("v1", {"AWSCURRENT"})));
  CHECK(text_of(db) == "old");
  CHECK(f.is_fresh("db"));
  Task<Answer> api = f.ask("api");
  f.reply(Fault::connection("reset"));
  CHECK(text_of(api) == "old");
}

TEST_CASE("a fetch that was sent before all secrets expired serves the clients it had, and makes nothing fresh") {
  StoreFixture f;
  f.cache("db", "v1", "old");
  f.scheduler.advance(Seconds{301});
  Task<Answer> before = f.ask("db");
  f.source.last().send();
  f.scheduler.advance(Seconds{1});
  CHECK(f.store.expire_all() == 1);
  f.scheduler.advance(Seconds{1});
  Task<Answer> after = f.ask("db");
  CHECK(f.source.operations() == "get describe");

  SUBCASE("if it brings a value") {
    f.finish(Result<SecretVersions>(versions("v1", {"AWSCURRENT"})));
    CHECK(text_of(before) == "old");
    CHECK(text_of(after) == "waiting");
    CHECK_FALSE(f.is_fresh("db"));
    CHECK(f.source.operations() == "get describe describe");
    f.reply(Result<SecretVersions>(versions("v2", {"AWSCURRENT"})));
    f.reply(secret("db", "v2", "new"));
    CHECK(text_of(after) == "new");
    CHECK(f.is_fresh("db"));
  }
  SUBCASE("if it fails") {
    f.finish(Fault::connection("reset"));
    CHECK(text_of(before) == "old");
    CHECK(f.lines.count("retry_in_seconds=0") == 1);
    CHECK_FALSE(f.is_fresh("db"));
    f.reply(Fault::connection("reset"));
    CHECK(text_of(after) == "old");
    CHECK(f.is_fresh("db"));
  }
  SUBCASE("and if it is slow, the later client gets the cached value after 5 s of its own") {
    f.scheduler.advance(Seconds{5} - Nanoseconds{1});
    CHECK(text_of(before) == "old");
    CHECK_FALSE(after.done());
    f.scheduler.advance(Nanoseconds{1});
    CHECK(text_of(after) == "old");
  }
  SUBCASE("and a refreshNow shares the next fetch with the later client") {
    Task<Answer> forced = f.refresh("db");
    f.finish(Result<SecretVersions>(versions("v1", {"AWSCURRENT"})));
    CHECK(f.source.operations() == "get describe get");
    f.reply(secret("db", "v2", "new"));
    CHECK(text_of(after) == "new");
    CHECK(text_of(forced) == "new");
  }
}

TEST_CASE("a fetch that was not yet sent when all secrets expired serves later clients too") {
  StoreFixture f;
  f.cache("db", "v1", "old");
  f.scheduler.advance(Seconds{301});
  Task<Answer> before = f.ask("db");
  f.store.expire_all();
  f.scheduler.advance(Seconds{1});
  Task<Answer> after = f.ask("db");
  f.reply(Result<SecretVersions>(versions("v1", {"AWSCURRENT"})));
  CHECK(text_of(before) == "old");
  CHECK(text_of(after) == "old");
  CHECK(f.is_fresh("db"));
  CHECK(f.source.operations() == "get describe");
}

TEST_CASE("what prefetch asked for before all secrets expired is not fresh") {
  StoreFixture f;
  const TimePoint asked = f.scheduler.now();
  f.scheduler.advance(Seconds{1});
  f.store.expire_all();
  CHECK(f.store.prefetched({"db"}, {}, secret("db", "v1", "old"), asked, 1.0));
  CHECK_FALSE(f.is_fresh("db"));
}

TEST_CASE("with caching off nothing is kept once the last client has its answer") {
  for (const SecretStoreSettings& settings :
       {SecretStoreSettings{.ttl = Seconds{0}}, SecretStoreSettings{.cache_size = 0}}) {
    StoreFixture f(settings);
    std::string_view bytes;
    {
      Task<Answer> client = f.ask("db");
      Task<Answer> vanished = f.ask("db");
      vanished = {};
      f.reply(secret("db", "v1", "a value of some length"));
      CHECK_FALSE(f.is_fresh("db"));
      const Answer answer = client.take();
      bytes = answer->bytes.view();
      CHECK(bytes == "a value of some length");
    }
    CHECK(is_freed(bytes));
  }
}

TEST_CASE("a secret that all clients of an uncached fetch have left is freed when it comes") {
  StoreFixture f({.cache_size = 0});
  { const Task<Answer> client = f.ask("db"); }
  SecretValue value = secret("db", "v1", "a value of some length");
  const std::string_view bytes = value.answer.view();
  f.reply(std::move(value));
  CHECK(is_freed(bytes));
}

TEST_CASE("evicted, replaced and wiped secrets are freed after their last answer") {
  StoreFixture f({.cache_size = 1});
  f.cache("db", "v1", "a value of some length");
  std::string_view bytes = f.store.fresh(f.key("db"))->bytes.view();
  SUBCASE("evicted") { f.cache("api", "v1", "x"); }
  SUBCASE("replaced") {
    Task<Answer> client = f.refresh("db");
    f.reply(secret("db", "v2", "new"));
  }
  SUBCASE("wiped") { f.store.wipe(); }
  CHECK(is_freed(bytes));
}

TEST_CASE("at the end waiting clients get a 503, nothing is fetched any more, and secrets are wiped") {
  Expired f;
  Task<Answer> ordinary = f.ask("db");
  f.source.last().send();
  const auto call = f.source.calls.back();
  Task<Answer> forced = f.refresh("db");
  Task<Answer> missing = f.ask("api");
  f.store.cancel_all();
  f.store.wipe();
  f.scheduler.run_until_idle();
  CHECK(call->dropped);
  REQUIRE(ordinary.done());
  const Answer answer = ordinary.take();
  CHECK(answer.fault().http_status == 503);
  CHECK(text_of(forced) == "ServiceUnavailable");
  CHECK(text_of(missing) == "ServiceUnavailable");
  const std::size_t asked = f.source.calls.size();
  Task<Answer> late = f.ask("db");
  CHECK(text_of(late) == "ServiceUnavailable");
  CHECK(f.source.calls.size() == asked);
}

TEST_CASE("the end may come at any moment of an ending fetch") {
  for (int turns = 0; turns < 6; ++turns) {
    Expired f;
    Task<Answer> client = f.ask("db");
    f.source.last().send();
    f.source.last().give(Fault::timeout("late"));
    for (int i = 0; i < turns; ++i) f.scheduler.run_turn();
    f.store.cancel_all();
    f.scheduler.run_until_idle();
    CHECK(client.done());
  }
}

TEST_CASE("the minute's summary counts each answer by its origin") {
  Expired f;
  f.store.usage().flush();
  f.lines.lines.clear();
  Task<Answer> renewed = f.ask("db");
  f.reply(Result<SecretVersions>(versions("v1", {"AWSCURRENT"})));
  CHECK(f.is_fresh("db"));
  Task<Answer> again = f.ask("db");
  f.scheduler.advance(Seconds{301});
  f.store.usage().flush();
  Task<Answer> stale = f.ask("db");
  f.reply(Fault::timeout("late"));
  Task<Answer> failed = f.refresh("db");
  f.reply(Fault::timeout("late"));
  f.store.usage().flush();
  CHECK(f.lines.count("secret_id=db from_memory=2 from_aws=1 errors=0 joined=0 calls=1") == 1);
  CHECK(f.lines.count("secret_id=db from_memory=1 from_aws=0 errors=1 joined=0 calls=2") == 1);
}

TEST_CASE("the minute's summary tells answers and calls apart") {
  StoreFixture f;
  std::vector<Task<Answer>> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(f.ask("db"));
  SUBCASE("if the clients share one call") {
    f.reply(secret("db", "v1", "value"));
    f.store.usage().flush();
    CHECK(f.lines.count("secret_id=db from_memory=0 from_aws=20 errors=0 joined=19 calls=1") == 1);
  }
  SUBCASE("if the shared call fails") {
    f.reply(Fault::timeout("late"));
    f.store.usage().flush();
    CHECK(f.lines.count("secret_id=db from_memory=0 from_aws=0 errors=20 joined=19 calls=1") == 1);
  }
  SUBCASE("if the call was never sent, for lack of credentials") {
    f.finish(Fault::internal("no credentials"));
    f.store.usage().flush();
    CHECK(f.lines.count("secret_id=db from_memory=0 from_aws=0 errors=20 joined=19 calls=0") == 1);
  }
  SUBCASE("if the client that began it has gone") {
    clients.erase(clients.begin());
    f.reply(secret("db", "v1", "value"));
    f.store.usage().flush();
    CHECK(f.lines.count("secret_id=db from_memory=0 from_aws=19 errors=0 joined=19 calls=1") == 1);
  }
}

TEST_CASE("the minute's summary counts both calls of a renewal ahead of time, and who joins it as such") {
  StoreFixture f;
  f.cache("db", "v1", "old");
  f.store.usage().flush();
  f.scheduler.advance(Seconds{297});
  CHECK(f.is_fresh("db"));
  f.scheduler.run_until_idle();
  f.source.last().send();
  f.scheduler.advance(Seconds{4});
  Task<Answer> client = f.ask("db");
  f.finish(Result<SecretVersions>(versions("v2", {"AWSCURRENT"})));
  f.reply(secret("db", "v2", "new"));
  CHECK(text_of(client) == "new");
  f.store.usage().flush();
  CHECK(f.lines.count("secret_id=db from_memory=1 from_aws=1 errors=0 joined=1 calls=2") == 1);
}

TEST_CASE("no log line holds a secret") {
  Expired f;
  Task<Answer> client = f.ask("db");
  f.reply(Fault::timeout("late"));
  f.store.usage().flush();
  CHECK(f.lines.lines.size() > 1);
  CHECK(f.lines.count("old") == 0);
}

TEST_CASE("a renewal asks AWS about a fresh secret as about an expired one, and is no use of it") {
  StoreFixture fixture;
  fixture.cache("db", "v1", "first");
  const std::uint64_t uses = fixture.store.status().front().uses;
  auto renewal = started(fixture.scheduler, fixture.store.renew(StoreFixture::key("db")));
  CHECK(fixture.source.operations() == "get describe");
  fixture.reply(versions("v1", {"AWSCURRENT"}));
  CHECK(text_of(renewal) == "first");
  CHECK(fixture.store.status().front().uses == uses);
}

TEST_CASE("a renewal forces a fetch if nothing is cached, and its faults are its own") {
  StoreFixture fixture({.ttl = Seconds{0}});
  auto renewal = started(fixture.scheduler, fixture.store.renew(StoreFixture::key("db")));
  fixture.reply(refusal("AccessDeniedException"));
  CHECK(text_of(renewal) == "AccessDeniedException");
  fixture.store.cancel_all();
  auto late = started(fixture.scheduler, fixture.store.renew(StoreFixture::key("db")));
  CHECK(text_of(late) == "ServiceUnavailable");
}

TEST_CASE("answers are counted by where they came from, and the time of those from AWS is kept") {
  StoreFixture f;
  Task<Answer> first = f.ask("db");
  Task<Answer> joins = f.ask("db");
  f.scheduler.advance(Milliseconds{20});
  f.reply(secret("db", "v1", "text"));
  CHECK(first.take()->origin == SecretAnswer::Origin::miss);
  CHECK(f.store.counts().misses == 2);
  CHECK(f.store.counts().miss_durations.sum() == Milliseconds{40});

  CHECK(f.store.fresh(f.key("db"))->origin == SecretAnswer::Origin::hit);
  CHECK(f.store.counts().hits == 1);

  f.scheduler.advance(Seconds{301});
  Task<Answer> stands_in = f.ask("db");
  f.reply(Result<SecretVersions>(Fault::timeout("late")));
  CHECK(stands_in.take()->origin == SecretAnswer::Origin::stale);
  CHECK(f.store.fresh(f.key("db"))->origin == SecretAnswer::Origin::stale);
  CHECK(f.store.counts().stale == 2);

  Task<Answer> refused = f.refresh("db");
  f.reply(Result<SecretValue>(Fault::of_aws(Fault::Kind::denied, 400, "ResourceNotFoundException", "none")));
  CHECK_FALSE(refused.take().ok());
  CHECK(f.store.counts().errors == 1);
  CHECK(f.store.refusals() == 1);

  Task<Answer> renewed = f.refresh("db");
  f.reply(secret("db", "v2", "new"));
  CHECK(f.store.fresh(f.key("db"))->origin == SecretAnswer::Origin::hit);
  CHECK(f.store.counts().hits == 2);
  CHECK(f.store.counts().miss_durations.sum() == Milliseconds{40});
}

TEST_CASE("a client that goes away is not counted, and a fetch ahead of time is") {
  StoreFixture f({}, 0);
  { const Task<Answer> gone = f.ask("db"); }
  f.reply(secret("db", "v1", "text"));
  CHECK(f.store.counts().misses == 0);
  f.scheduler.advance(Seconds{240});
  CHECK(f.is_fresh("db"));
  CHECK(f.store.counts().refreshes_ahead == 1);
}

}  // namespace
}  // namespace sma
