#include "secrets/fetch_table.h"

#include <doctest/doctest.h>

#include <vector>

#include "tests/unit/secrets/store_fixture.h"

namespace sma {
namespace {

struct Fixture : StoreFixture {
  using StoreFixture::StoreFixture;
  std::vector<Task<Answer>> burst(std::size_t count, const char* id, bool refresh_now = false) {
    std::vector<Task<Answer>> clients;
    for (std::size_t i = 0; i < count; ++i) clients.push_back(ask(key(id), refresh_now));
    return clients;
  }
  static std::size_t got(std::vector<Task<Answer>>& clients, std::string_view text) {
    std::size_t count = 0;
    for (Task<Answer>& client : clients) count += text_of(client) == text ? 1 : 0;
    return count;
  }
};

TEST_CASE("200 at once for one missing key are one call, and all get its answer") {
  Fixture f;
  auto early = f.burst(100, "db");
  f.source.last().send();
  auto late = f.burst(100, "db");
  f.finish(secret("db", "v1", "value"));
  CHECK(f.got(early, "value") == 100);
  CHECK(f.got(late, "value") == 100);
  CHECK(f.source.calls.size() == 1);
}

TEST_CASE("all get the fault of the one call") {
  Fixture f;
  auto clients = f.burst(20, "db");
  f.reply(refusal("ResourceNotFoundException"));
  CHECK(f.got(clients, "ResourceNotFoundException") == 20);
  CHECK(f.source.calls.size() == 1);
}

TEST_CASE("200 at once for one expired key are one DescribeSecret") {
  Fixture f;
  f.cache("db", "v1", "value");
  f.scheduler.advance(Seconds{301});
  auto clients = f.burst(200, "db");
  f.reply(Result<SecretVersions>(versions("v1", {"AWSCURRENT"})));
  CHECK(f.got(clients, "value") == 200);
  CHECK(f.source.operations() == "get describe");
}

TEST_CASE("different keys are fetched side by side") {
  Fixture f;
  Task<Answer> db = f.ask("db");
  Task<Answer> version = f.ask({"db", "v1", {}, {}});
  Task<Answer> role = f.ask({"db", {}, {}, "role"});
  CHECK(f.source.calls.size() == 3);
}

TEST_CASE("a refreshNow request joins a fetch that is not yet handed over for sending") {
  Fixture f;
  Task<Answer> ordinary = f.ask("db");
  Task<Answer> forced = f.refresh("db");
  f.reply(secret("db", "v1", "value"));
  CHECK(text_of(ordinary) == "value");
  CHECK(text_of(forced) == "value");
  CHECK(f.source.calls.size() == 1);
}

TEST_CASE("a refreshNow request turns an unsent DescribeSecret into GetSecretValue") {
  Fixture f;
  f.cache("db", "v1", "old");
  f.scheduler.advance(Seconds{301});
  Task<Answer> ordinary = f.ask("db");
  const auto describe = f.source.calls.back();
  f.scheduler.advance(Seconds{4});
  Task<Answer> forced = f.refresh("db");
  CHECK(describe->dropped);
  CHECK(f.source.operations() == "get describe get");
  CHECK(f.source.last().progress->deadline == f.scheduler.now() + Seconds{51});
  f.reply(secret("db", "v2", "new"));
  CHECK(text_of(ordinary) == "new");
  CHECK(text_of(forced) == "new");
}

TEST_CASE("a refreshNow request that comes before its fetch has begun spares the DescribeSecret") {
  Fixture f;
  f.cache("db", "v1", "old");
  f.scheduler.advance(Seconds{301});
  Task<Answer> ordinary = f.store.get(f.key("db"), false, f.scheduler.now() + Seconds{58});
  Task<Answer> forced = f.store.get(f.key("db"), true, f.scheduler.now() + Seconds{58});
  ordinary.start(f.scheduler);
  forced.start(f.scheduler);
  f.scheduler.run_until_idle();
  CHECK(f.source.operations() == "get get");
}

TEST_CASE("a refreshNow request that joins at the moment an unsent DescribeSecret fails gets a value") {
  Fixture f;
  f.cache("db", "v1", "old");
  f.scheduler.advance(Seconds{301});
  Task<Answer> ordinary = f.ask("db");
  const auto describe = f.source.calls.back();
  for (int turns = 0; turns < 4; ++turns) {
    CAPTURE(turns);
    Task<Answer> forced = f.store.get(f.key("db"), true, f.scheduler.now() + Seconds{58});
    forced.start(f.scheduler);
    if (turns == 0) describe->give(refusal("no credentials"));
    for (int i = 0; i < turns; ++i) f.scheduler.run_turn();
  }
  f.scheduler.run_until_idle();
  f.reply(secret("db", "v2", "new"));
  CHECK(text_of(ordinary) == "new");
}

TEST_CASE("refreshNow requests that find a sent fetch join the one next, which starts when that ends") {
  Fixture f;
  Task<Answer> ordinary = f.ask("db");
  f.source.last().send();
  auto forced = f.burst(200, "db", true);
  CHECK(f.source.calls.size() == 1);
  f.finish(secret("db", "v1", "old"));
  CHECK(text_of(ordinary) == "old");
  CHECK(f.source.operations() == "get get");
  CHECK(f.got(forced, "old") == 0);
  f.scheduler.advance(Seconds{1});
  f.reply(secret("db", "v2", "new"));
  CHECK(f.got(forced, "new") == 200);
  CHECK(f.source.calls.size() == 2);
  CHECK(f.store.fresh(f.key("db"))->bytes.view() == "new");
}

TEST_CASE(
    "a refreshNow request joins the next fetch when it has begun but is unsent, and yet another when it is sent") {
  Fixture f;
  Task<Answer> first = f.refresh("db");
  f.source.last().send();
  Task<Answer> second = f.refresh("db");
  f.finish(secret("db", "v1", "1"));
  Task<Answer> joins = f.refresh("db");
  f.source.last().send();
  Task<Answer> third = f.refresh("db");
  f.finish(secret("db", "v2", "2"));
  f.reply(secret("db", "v3", "3"));
  CHECK(text_of(first) == "1");
  CHECK(text_of(second) == "2");
  CHECK(text_of(joins) == "2");
  CHECK(text_of(third) == "3");
}

TEST_CASE("the next fetch starts also when the present one fails") {
  Fixture f;
  Task<Answer> first = f.refresh("db");
  f.source.last().send();
  Task<Answer> second = f.refresh("db");
  f.finish(Fault::connection("reset"));
  f.reply(secret("db", "v1", "value"));
  CHECK(text_of(first) == "ConnectionError");
  CHECK(text_of(second) == "value");
}

TEST_CASE("ordinary requests join the present fetch, never the next") {
  Fixture f;
  Task<Answer> first = f.ask("db");
  f.source.last().send();
  Task<Answer> forced = f.refresh("db");
  Task<Answer> ordinary = f.ask("db");
  f.finish(secret("db", "v1", "1"));
  CHECK(text_of(ordinary) == "1");
  CHECK(text_of(forced) == "waiting");
}

TEST_CASE("200 at once with caching off are at most 2 calls") {
  for (const SecretStoreSettings& settings :
       {SecretStoreSettings{.ttl = Seconds{0}}, SecretStoreSettings{.cache_size = 0}}) {
    Fixture f(settings);
    auto before = f.burst(50, "db");
    f.source.last().send();
    auto after = f.burst(150, "db");
    f.finish(secret("db", "v1", "1"));
    f.reply(secret("db", "v1", "2"));
    CHECK(f.got(before, "1") == 50);
    CHECK(f.got(after, "2") == 150);
    CHECK(f.source.operations() == "get get");
  }
}

TEST_CASE("a client that goes away does not cancel a call that others wait for") {
  Fixture f;
  auto clients = f.burst(3, "db");
  clients.erase(clients.begin());
  f.source.last().send();
  CHECK_FALSE(f.source.last().dropped);
  clients.erase(clients.begin());
  f.finish(secret("db", "v1", "value"));
  CHECK(f.got(clients, "value") == 1);
}

TEST_CASE("a fetch runs to its end and is cached when all its clients have gone") {
  Fixture f;
  { const Task<Answer> client = f.ask("db"); }
  f.reply(secret("db", "v1", "value"));
  CHECK(f.is_fresh("db"));
}

TEST_CASE("a next fetch that nobody waits for any more does not start") {
  Fixture f;
  Task<Answer> first = f.refresh("db");
  f.source.last().send();
  { const Task<Answer> second = f.refresh("db"); }
  f.finish(secret("db", "v1", "1"));
  CHECK(f.source.calls.size() == 1);
  Task<Answer> third = f.refresh("db");
  f.reply(secret("db", "v2", "2"));
  CHECK(text_of(third) == "2");
}

TEST_CASE("clients may go away at any moment of an ending fetch") {
  for (int turns = 0; turns < 6; ++turns) {
    Fixture f;
    auto clients = f.burst(2, "db");
    f.source.last().send();
    auto forced = f.burst(2, "db", true);
    f.source.last().give(secret("db", "v1", "value"));
    for (int i = 0; i < turns; ++i) f.scheduler.run_turn();
    clients.erase(clients.begin());
    forced.erase(forced.begin());
    f.scheduler.run_until_idle();
    CHECK(f.got(clients, "value") == 1);
    f.reply(secret("db", "v2", "new"));
    CHECK(f.got(forced, "new") == 1);
  }
}

TEST_CASE("a fetch has 55 s in all, the next one its own") {
  Fixture f;
  Task<Answer> first = f.refresh("db");
  CHECK(f.source.last().progress->deadline == f.scheduler.now() + Seconds{55});
  f.source.last().send();
  Task<Answer> second = f.refresh("db");
  f.scheduler.advance(Seconds{20});
  f.finish(secret("db", "v1", "1"));
  CHECK(f.source.last().progress->deadline == f.scheduler.now() + Seconds{55});
}

TEST_CASE("beyond 1024 fetches a client is answered that the agent is busy") {
  Fixture f;
  std::vector<Task<Answer>> clients;
  for (std::size_t i = 0; i < FetchTable::kMaxFetches; ++i) clients.push_back(f.ask(f.key("s" + std::to_string(i))));
  Task<Answer> refused = f.ask("one more");
  REQUIRE(refused.done());
  const Answer answer = refused.take();
  CHECK(answer.fault().http_status == 503);
  CHECK(answer.fault().code == "Busy");

  Task<Answer> joins = f.ask("s5");
  f.source.last().send();
  Task<Answer> next = f.ask(f.source.last().key, true);
  CHECK(text_of(next) == "Busy");
  f.source.calls[5]->send();
  f.source.calls[5]->give(secret("s5", "v1", "five"));
  f.scheduler.run_until_idle();
  CHECK(text_of(joins) == "five");
  Task<Answer> fits = f.ask("one more");
  CHECK(text_of(fits) == "waiting");
}

TEST_CASE("dropped next fetches and failed ones give their places back") {
  Fixture f;
  for (std::size_t i = 0; i < 2 * FetchTable::kMaxFetches; ++i) {
    Task<Answer> first = f.refresh("db");
    f.source.last().send();
    { const Task<Answer> second = f.refresh("db"); }
    f.finish(Fault::connection("reset"));
    REQUIRE(text_of(first) == "ConnectionError");
  }
}

}  // namespace
}  // namespace sma
