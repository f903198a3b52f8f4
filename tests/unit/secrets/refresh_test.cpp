#include "secrets/refresh.h"

#include <doctest/doctest.h>

#include "tests/unit/secrets/store_fixture.h"

namespace sma {
namespace {

constexpr Seconds kTtl{300};
constexpr Seconds kExpired{301};

struct Fixture : StoreFixture {
  using StoreFixture::StoreFixture;
  /// A cached secret that has just expired.
  void expired(SecretKey what, std::string_view version = "v1", std::string_view text = "old") {
    cache(what, version, text);
    scheduler.advance(kExpired);
  }
};

TEST_CASE("a fresh secret is served from memory") {
  Fixture f;
  f.cache("db", "v1", "value");
  CHECK(f.store.fresh(f.key("db"))->bytes.view() == "value");
  Task<Answer> client = f.ask("db");
  CHECK(text_of(client) == "value");
  CHECK(f.source.calls.size() == 1);
}

TEST_CASE("age counts from when the request was handed over, not from the answer") {
  Fixture f;
  Task<Answer> client = f.ask("db");
  f.scheduler.advance(Seconds{3});
  f.source.last().send();
  f.scheduler.advance(Seconds{10});
  f.finish(secret("db", "v1", "value"));
  f.scheduler.advance(kTtl - Seconds{10});
  CHECK(f.is_fresh("db"));
  f.scheduler.advance(Nanoseconds{1});
  CHECK_FALSE(f.is_fresh("db"));
}

TEST_CASE("age counts from the attempt that brought the value") {
  Fixture f;
  Task<Answer> client = f.ask("db");
  f.source.last().send();
  f.scheduler.advance(Seconds{10});
  f.reply(secret("db", "v1", "value"));
  f.scheduler.advance(kTtl);
  CHECK(f.is_fresh("db"));
  f.scheduler.advance(Nanoseconds{1});
  CHECK_FALSE(f.is_fresh("db"));
}

TEST_CASE("time spent suspended counts") {
  Fixture f;
  f.cache("db", "v1", "value");
  f.scheduler.suspend(kExpired);
  CHECK_FALSE(f.is_fresh("db"));
}

TEST_CASE("an expired secret whose version still holds is fresh again without GetSecretValue") {
  Fixture f;
  f.expired(f.key("db"));
  Task<Answer> client = f.ask("db");
  CHECK(f.source.last().operation == "describe");
  CHECK(f.source.last().key.secret_id == arn_of("db"));
  f.source.last().send();
  f.scheduler.advance(Seconds{2});
  f.finish(Result<SecretVersions>(versions("v1", {"AWSCURRENT"})));
  CHECK(text_of(client) == "old");
  CHECK(f.source.operations() == "get describe");
  f.scheduler.advance(kTtl - Seconds{2});
  CHECK(f.is_fresh("db"));
  f.scheduler.advance(Nanoseconds{1});
  CHECK_FALSE(f.is_fresh("db"));
}

TEST_CASE("an expired secret with a new version is fetched") {
  Fixture f;
  f.expired(f.key("db"));
  Task<Answer> client = f.ask("db");
  f.reply(Result<SecretVersions>(SecretVersions{
      .versions = {{.version_id = "v1", .stages = {"AWSPREVIOUS"}}, {.version_id = "v2", .stages = {"AWSCURRENT"}}}}));
  CHECK(f.source.operations() == "get describe get");
  f.reply(secret("db", "v2", "new"));
  CHECK(text_of(client) == "new");
  CHECK(f.store.fresh(f.key("db"))->bytes.view() == "new");
}

TEST_CASE("a version holds by its stage, or by its existence if only its id was asked for") {
  const SecretVersions known{.versions = {{.version_id = "v1", .stages = {"AWSPREVIOUS", "mine"}},
                                          {.version_id = "v2", .stages = {"AWSCURRENT"}},
                                          {.version_id = "v0", .stages = {}}}};
  const auto holds = [&](const char* version_id, const char* stage, const char* cached) {
    return still_holds({"db", version_id, stage, {}}, cached, known);
  };
  CHECK(holds("", "", "v2"));
  CHECK_FALSE(holds("", "", "v1"));
  CHECK_FALSE(holds("", "", "v9"));
  CHECK_FALSE(holds("", "", ""));
  CHECK(holds("", "mine", "v1"));
  CHECK_FALSE(holds("", "mine", "v2"));
  CHECK_FALSE(holds("", "other", "v1"));
  CHECK(holds("v0", "", "v0"));
  CHECK(holds("v1", "", "v1"));
  CHECK_FALSE(holds("v9", "", "v9"));
  CHECK(holds("v1", "mine", "v1"));
  CHECK_FALSE(holds("v1", "AWSCURRENT", "v1"));
  CHECK(holds("v2", "AWSCURRENT", "v2"));
}

TEST_CASE("an expired secret whose ARN is not known is fetched") {
  Fixture f;
  Task<Answer> first = f.ask("db");
  SecretValue value = secret("db", "v1", "old");
  value.arn.clear();
  f.reply(std::move(value));
  f.scheduler.advance(kExpired);
  Task<Answer> second = f.ask("db");
  CHECK(f.source.operations() == "get get");
}

TEST_CASE("a value fetched more than an hour ago is renewed by GetSecretValue in place of DescribeSecret") {
  Fixture f({}, 0);
  const TimePoint fetched = f.scheduler.now();
  f.cache("db", "v1", "old");
  const auto renew = [&](TimePoint when) {
    f.scheduler.advance_to(when);
    REQUIRE(f.is_fresh("db"));  // ahead of time
    f.scheduler.run_until_idle();
  };
  int described = 0;
  for (TimePoint when = fetched + Seconds{240}; when <= fetched + Seconds{3600}; when += Seconds{240}, ++described) {
    renew(when);
    CHECK(f.source.last().operation == "describe");
    f.reply(Result<SecretVersions>(versions("v1", {"AWSCURRENT"})));
  }
  CHECK(described == 15);
  renew(fetched + Seconds{3840});
  CHECK(f.source.last().operation == "get");
  f.reply(secret("db", "v1", "the same"));
  CHECK(f.store.fresh(f.key("db"))->bytes.view() == "the same");
  f.scheduler.advance(Seconds{301});
  Task<Answer> client = f.ask("db");
  CHECK(f.source.last().operation == "describe");
}

TEST_CASE("an expired value fetched more than an hour ago stands in if GetSecretValue meets a transient fault") {
  Fixture f;
  f.cache("db", "v1", "old");
  f.scheduler.advance(Seconds{3601});
  Task<Answer> client = f.ask("db");
  CHECK(f.source.operations() == "get get");
  f.reply(Fault::connection("reset"));
  CHECK(text_of(client) == "old");
}

TEST_CASE("a prefetched value counts as fetched when its batch was sent") {
  Fixture f;
  f.store.prefetched({"db"}, {}, secret("db", "v1", "old"), f.scheduler.now(), 1.0);
  f.scheduler.advance(Seconds{3600});
  { const Task<Answer> client = f.ask("db"); }
  CHECK(f.source.last().operation == "describe");
  f.reply(Result<SecretVersions>(versions("v1", {"AWSCURRENT"})));
  f.scheduler.advance(Seconds{301});
  { const Task<Answer> client = f.ask("db"); }
  CHECK(f.source.last().operation == "get");
}

TEST_CASE("a caller that may not DescribeSecret gets its secret by GetSecretValue, with one warning in all") {
  Fixture f;
  for (const char* id : {"db", "api"}) {
    f.expired(f.key(id));
    Task<Answer> client = f.ask(id);
    f.reply(refusal("AccessDeniedException"));
    f.reply(secret(id, "v2", "new"));
    CHECK(text_of(client) == "new");
  }
  CHECK(f.lines.count("DescribeSecret is denied") == 1);
}

TEST_CASE("if there are no credentials for DescribeSecret, they are not searched for again at once") {
  Fixture f;
  f.expired(f.key("db"));
  Task<Answer> client = f.ask("db");
  f.finish(refusal("AccessDeniedException", "the role may not be assumed"));
  CHECK(text_of(client) == "AccessDeniedException");
  CHECK(f.source.operations() == "get describe");
  CHECK(f.lines.count("DescribeSecret is denied") == 0);
}

TEST_CASE("any other refusal of DescribeSecret leaves the answer to GetSecretValue") {
  Fixture f;
  f.expired(f.key("db"));
  Task<Answer> client = f.ask("db");
  f.reply(refusal("ResourceNotFoundException"));
  f.reply(secret("db", "v2", "made again"));
  CHECK(text_of(client) == "made again");
  CHECK(f.lines.count("WARN") == 0);
}

TEST_CASE("a secret that was evicted while it was described is fetched") {
  Fixture f({.cache_size = 1});
  f.expired(f.key("db"));
  Task<Answer> client = f.ask("db");
  const auto describe = f.source.calls.back();
  f.cache("api", "v1", "x");
  describe->send();
  describe->give(Result<SecretVersions>(versions("v1", {"AWSCURRENT"})));
  f.scheduler.run_until_idle();
  CHECK(f.source.last().operation == "get");
  f.reply(secret("db", "v1", "again"));
  CHECK(text_of(client) == "again");
}

TEST_CASE("refreshNow always asks for the value, and renews the entry and its TTL") {
  Fixture f;
  f.cache("db", "v1", "old");
  f.scheduler.advance(Seconds{200});
  Task<Answer> client = f.refresh("db");
  CHECK(f.source.operations() == "get get");
  f.reply(secret("db", "v2", "new"));
  CHECK(text_of(client) == "new");
  f.scheduler.advance(kTtl);
  CHECK(f.store.fresh(f.key("db"))->bytes.view() == "new");
}

TEST_CASE("a failed refreshNow returns the error and leaves the cache alone") {
  Fixture f;
  f.cache("db", "v1", "old");
  f.scheduler.advance(Seconds{200});
  for (const Fault& fault : {Fault::connection("none"), refusal("ResourceNotFoundException")}) {
    Task<Answer> client = f.refresh("db");
    f.reply(fault);
    CHECK(text_of(client) == fault.code);
    CHECK(f.store.fresh(f.key("db"))->bytes.view() == "old");
  }
  SUBCASE("which stays fresh until its TTL is over") {
    f.scheduler.advance(Seconds{100});
    CHECK(f.is_fresh("db"));
  }
  SUBCASE("and no longer") {
    f.scheduler.advance(Seconds{100} + Nanoseconds{1});
    CHECK_FALSE(f.is_fresh("db"));
    Task<Answer> client = f.refresh("db");
    f.reply(Fault::timeout("late"));
    CHECK(text_of(client) == "TimeoutError");
    CHECK_FALSE(f.is_fresh("db"));
  }
}

TEST_CASE("a transient fault while refreshing is answered with the cached value, a warning, and a new try in 30 s") {
  const Fault throttled = Fault::of_aws(Fault::Kind::throttled, 400, "ThrottlingException", "");
  for (const bool in_describe : {true, false}) {
    for (const Fault& fault : {Fault::timeout("late"), Fault::connection("reset"), throttled}) {
      CAPTURE(fault.code);
      Fixture f;
      f.expired(f.key("db"));
      Task<Answer> client = f.ask("db");
      if (!in_describe) f.reply(Result<SecretVersions>(versions("v2", {"AWSCURRENT"})));
      f.reply(fault);
      CHECK(text_of(client) == "old");
      CHECK(f.lines.count("WARN") == 1);
      CHECK(f.lines.count("secret_id=db error=" + fault.code) == 1);
      f.scheduler.advance(Seconds{30});
      CHECK(f.is_fresh("db"));
      const std::size_t asked = f.source.calls.size();
      f.scheduler.advance(Nanoseconds{1});
      Task<Answer> later = f.ask("db");
      CHECK(f.source.calls.size() == asked + 1);
    }
  }
}

TEST_CASE("after a transient fault AWS is asked again within a TTL that is shorter than 30 s") {
  Fixture f({.ttl = Seconds{10}});
  f.expired(f.key("db"));
  Task<Answer> client = f.ask("db");
  f.reply(Fault::connection("reset"));
  f.scheduler.advance(Seconds{10});
  CHECK(f.is_fresh("db"));
  f.scheduler.advance(Nanoseconds{1});
  CHECK_FALSE(f.is_fresh("db"));
}

TEST_CASE("a cached value stands in no longer past its TTL than max_stale_seconds") {
  Fixture f({.max_stale = Seconds{60}});
  f.cache("db", "v1", "old");
  const TimePoint last = f.scheduler.now() + kTtl + Seconds{60};
  f.scheduler.advance_to(last - Seconds{10});
  Task<Answer> within = f.ask("db");
  f.reply(Fault::connection("reset"));
  CHECK(text_of(within) == "old");
  CHECK(f.lines.count("retry_in_seconds=10") == 1);
  f.scheduler.advance_to(last);
  CHECK(f.is_fresh("db"));
  f.scheduler.advance(Nanoseconds{1});
  CHECK_FALSE(f.is_fresh("db"));

  SUBCASE("and its client gets the fault then") {
    Task<Answer> beyond = f.ask("db");
    f.reply(Fault::connection("reset"));
    CHECK(text_of(beyond) == "ConnectionError");
    CHECK_FALSE(f.is_fresh("db"));
  }
  SUBCASE("or waits for AWS as long as without a cache") {
    Task<Answer> beyond = f.ask("db");
    f.scheduler.advance(Seconds{57});
    CHECK(text_of(beyond) == "waiting");
    f.scheduler.advance(Seconds{1});
    CHECK(text_of(beyond) == "TimeoutError");
  }
  SUBCASE("and AWS's word that it still holds makes it fresh again") {
    Task<Answer> beyond = f.ask("db");
    f.reply(Result<SecretVersions>(versions("v1", {"AWSCURRENT"})));
    CHECK(text_of(beyond) == "old");
    CHECK(f.is_fresh("db"));
  }
}

TEST_CASE("a client that began to wait before the end of max_stale_seconds goes on waiting after it") {
  Fixture f({.max_stale = Seconds{60}});
  f.cache("db", "v1", "old");
  f.scheduler.advance(kTtl + Seconds{58});
  Task<Answer> client = f.ask("db");
  f.scheduler.advance(Seconds{10});
  CHECK_FALSE(client.done());
  f.reply(Fault::connection("reset"));
  CHECK(text_of(client) == "ConnectionError");
}

TEST_CASE("a cached value stands in also when its clients have gone before the fault") {
  Fixture f;
  f.expired(f.key("db"));
  { const Task<Answer> client = f.ask("db"); }
  f.reply(Fault::connection("reset"));
  CHECK(f.is_fresh("db"));
}

TEST_CASE("if transient errors are not ignored, they are returned") {
  Fixture f({.ignore_transient_errors = false});
  f.expired(f.key("db"));
  Task<Answer> client = f.ask("db");
  f.reply(Fault::timeout("late"));
  CHECK(text_of(client) == "TimeoutError");
  CHECK_FALSE(f.is_fresh("db"));
}

TEST_CASE("a fault that will not pass is returned, and the next request asks again") {
  Fixture f;
  f.expired(f.key("db"));
  Task<Answer> client = f.ask("db");
  f.reply(refusal("AccessDeniedException"));
  f.reply(refusal("AccessDeniedException"));
  CHECK(text_of(client) == "AccessDeniedException");
  Task<Answer> second = f.ask("db");
  CHECK(text_of(second) == "waiting");
}

TEST_CASE("a fault that will not pass leaves the cached value, which stands in once faults are of the other kind") {
  Fixture f;
  f.expired(f.key("db"));
  Task<Answer> refused = f.ask("db");
  f.reply(refusal("AccessDeniedException"));
  f.reply(refusal("AccessDeniedException"));
  Task<Answer> later = f.ask("db");
  f.reply(Fault::connection("reset"));
  CHECK(text_of(later) == "old");
}

TEST_CASE("a refusal that revokes the secret removes it under all its keys, whichever client asked") {
  for (const bool refresh_now : {false, true}) {
    for (const bool described : {false, true}) {
      CAPTURE(refresh_now);
      CAPTURE(described);
      Fixture f;
      f.store.prefetched({"db", arn_of("db")}, {}, secret("db", "v1", "old"), f.scheduler.now(), 1.0);
      f.cache("api", "v1", "another");
      if (!refresh_now) f.scheduler.advance(kExpired);
      Task<Answer> client = refresh_now ? f.refresh("db") : f.ask("db");
      if (!refresh_now && described) f.reply(Result<SecretVersions>(versions("v2", {"AWSCURRENT"})));
      if (!refresh_now && !described) f.reply(revocation("ResourceNotFoundException"));
      f.reply(revocation("ResourceNotFoundException"));
      CHECK(text_of(client) == "ResourceNotFoundException");
      CHECK(f.store.lacks(f.key("db")));
      CHECK(f.store.lacks(f.key(arn_of("db"))));
      CHECK_FALSE(f.store.lacks(f.key("api")));
      CHECK(f.lines.count("its cached value is removed secret_id=db") == 1);
      Task<Answer> later = f.ask("db");
      f.reply(Fault::connection("reset"));
      CHECK(text_of(later) == "ConnectionError");
    }
  }
}

TEST_CASE("a DescribeSecret that is refused removes nothing: GetSecretValue decides") {
  Fixture f;
  f.expired(f.key("db"));
  Task<Answer> client = f.ask("db");
  f.reply(revocation("ResourceNotFoundException"));
  f.reply(Fault::connection("reset"));
  CHECK(text_of(client) == "old");
}

TEST_CASE("a role that is refused loses its cached secrets, and no other role does") {
  Fixture f;
  const std::string role = "arn:aws:iam::111122223333:role/r";
  const SecretKey a{"a", "", "", role};
  const SecretKey b{"b", "", "", role};
  f.cache("a", "v1", "plain");
  f.cache(b, "v1", "of role");
  f.expired(a, "v1", "of role");
  Task<Answer> client = f.ask(a);
  f.finish(revocation("AccessDeniedException", Fault::Revoked::role));
  CHECK(text_of(client) == "AccessDeniedException");
  CHECK(f.store.lacks(a));
  CHECK(f.store.lacks(b));
  CHECK_FALSE(f.store.lacks(f.key("a")));
  CHECK(f.lines.count("the role is refused") == 1);
}

TEST_CASE("a secret that is marked for deletion is not current, although its versions are there") {
  Fixture f;
  f.expired(f.key("db"));
  Task<Answer> client = f.ask("db");
  SecretVersions described = versions("v1", {"AWSCURRENT"});
  described.deleted = true;
  f.reply(Result<SecretVersions>(described));
  CHECK(f.source.operations() == "get describe get");
  f.reply(revocation("InvalidRequestException"));
  CHECK(text_of(client) == "InvalidRequestException");
  CHECK(f.store.lacks(f.key("db")));
  described.versions[0].stages.clear();
  CHECK_FALSE(still_holds({"db", "v1", "", ""}, "v1", described));
}

TEST_CASE("a transient fault without a cached value is returned") {
  Fixture f;
  Task<Answer> client = f.ask("db");
  f.reply(Fault::connection("refused"));
  CHECK(text_of(client) == "ConnectionError");
}

TEST_CASE("an ordinary client of a failed refreshNow fetch gets the cached value, the other the error") {
  Fixture f;
  f.expired(f.key("db"));
  Task<Answer> forced = f.refresh("db");
  Task<Answer> ordinary = f.ask("db");
  CHECK(f.source.operations() == "get get");
  f.reply(Fault::connection("reset"));
  CHECK(text_of(forced) == "ConnectionError");
  CHECK(text_of(ordinary) == "old");
  CHECK(f.is_fresh("db"));
}

TEST_CASE("a fault under one key leaves alone what was renewed meanwhile under the other key of a prefetched secret") {
  Fixture f;
  f.store.prefetched({"db", arn_of("db")}, {}, secret("db", "v1", "old"), f.scheduler.now(), 1.0);
  f.scheduler.advance(kExpired);
  Task<Answer> by_name = f.ask("db");
  const auto call = f.source.calls.back();
  Task<Answer> by_arn = f.ask(f.key(arn_of("db")));
  f.reply(Result<SecretVersions>(versions("v1", {"AWSCURRENT"})));
  call->give(Fault::timeout("late"));
  f.scheduler.run_until_idle();
  CHECK(text_of(by_name) == "old");
  CHECK(text_of(by_arn) == "old");
  CHECK(f.lines.count("WARN") == 0);
  f.scheduler.advance(kTtl);
  CHECK(f.is_fresh("db"));
}

TEST_CASE("each role has its own entry and its own calls") {
  Fixture f;
  const SecretKey with_role{"db", "", "", "arn:aws:iam::111122223333:role/r"};
  f.cache("db", "v1", "plain");
  f.expired(with_role, "v1", "of role");
  Task<Answer> client = f.ask(with_role);
  CHECK(f.source.last().operation == "describe");
  CHECK(f.source.last().key.role_arn == with_role.role_arn);
  f.reply(Result<SecretVersions>(versions("v1", {"AWSCURRENT"})));
  CHECK(text_of(client) == "of role");
  CHECK_FALSE(f.is_fresh("db"));
}

}  // namespace
}  // namespace sma
