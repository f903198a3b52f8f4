#include "aws/credentials/cached_credentials.h"

#include <doctest/doctest.h>

#include <memory>

#include "base/wall_time.h"
#include "tests/unit/aws/credentials/fixture.h"

using namespace sma;

namespace {

/// Gives new keys each time, or what it is told to.
class CountingSource final : public CredentialsSource {
 public:
  explicit CountingSource(ManualScheduler& scheduler) : scheduler_(scheduler) {}

  Task<Result<Credentials>> load(TimePoint) override {
    ++asked;
    ++under_way;
    most_under_way = std::max(most_under_way, under_way);
    if (takes > Nanoseconds(0)) co_await scheduler_.sleep_until(scheduler_.now() + takes);
    --under_way;
    if (fault) co_return *fault;
    Credentials given;
    given.access_key_id = "K" + std::to_string(same_keys ? 0 : asked);
    if (life) given.expiration = scheduler_.wall_now() + *life;
    given.source = "test";
    co_return given;
  }
  [[nodiscard]] std::string_view name() const override { return "test"; }

  int asked = 0;
  int under_way = 0;
  int most_under_way = 0;
  bool same_keys = false;
  Nanoseconds takes{0};
  std::optional<Nanoseconds> life = Seconds(3600);
  std::optional<Fault> fault;

 private:
  ManualScheduler& scheduler_;
};

struct CacheFixture : CredentialsFixture {
  Result<SharedCredentials> get(Nanoseconds wait = Seconds(30)) { return finish(cached.get(scheduler.now() + wait)); }
  std::string key() {
    const auto found = get();
    return found.ok() ? (*found)->access_key_id : found.fault().message;
  }
  Result<SharedCredentials> renew(SharedCredentials refused) {
    return finish(cached.renew(std::move(refused), scheduler.now() + Seconds(30)));
  }

  CountingSource source{scheduler};
  CachedCredentials cached{source, context};
};

const Fault kTrouble = Fault::timeout("trouble");

}  // namespace

TEST_CASE("nothing is loaded before somebody asks") {
  CacheFixture fixture;
  fixture.scheduler.advance(Seconds(7200));
  CHECK(fixture.source.asked == 0);
}

TEST_CASE("credentials are kept, and the source they came from is logged") {
  CacheFixture fixture;
  CHECK(fixture.key() == "K1");
  fixture.scheduler.advance(Seconds(3000));
  CHECK(fixture.key() == "K1");
  CHECK(fixture.source.asked == 1);
  CHECK(fixture.lines.count("INFO credentials found source=test expires_in_seconds=3600") == 1);
}

TEST_CASE("however many ask, one load is under way, and each waits until its own deadline") {
  CacheFixture fixture;
  fixture.source.takes = Seconds(10);
  std::vector<Task<Result<SharedCredentials>>> waiting;
  for (int i = 1; i <= 20; ++i) {
    waiting.push_back(fixture.cached.get(fixture.scheduler.now() + Seconds(i)));
    waiting.back().start(fixture.scheduler);
  }
  fixture.scheduler.advance(Milliseconds(5500));
  CHECK(std::ranges::count_if(waiting, [](const auto& task) { return task.done(); }) == 5);
  fixture.scheduler.advance(Seconds(5));
  int served = 0;
  for (auto& task : waiting) {
    REQUIRE(task.done());
    const auto result = task.take();
    if (result.ok())
      ++served;
    else
      CHECK(result.fault().http_status == 504);
  }
  CHECK(served >= 10);
  CHECK(fixture.source.asked == 1);
}

TEST_CASE("a caller that waits may go away") {
  CacheFixture fixture;
  fixture.source.takes = Seconds(10);
  auto gone =
      std::make_unique<Task<Result<SharedCredentials>>>(fixture.cached.get(fixture.scheduler.now() + Seconds(60)));
  gone->start(fixture.scheduler);
  fixture.scheduler.run_until_idle();
  gone.reset();
  CHECK(fixture.key() == "K1");
  CHECK(fixture.source.asked == 1);
}

TEST_CASE("renewal begins 5 minutes before expiry, in the background, the old ones in use") {
  CacheFixture fixture;
  CHECK(fixture.key() == "K1");
  fixture.source.takes = Seconds(60);
  fixture.scheduler.advance(Seconds(3299));
  CHECK(fixture.source.asked == 1);
  fixture.scheduler.advance(Seconds(1));
  CHECK(fixture.source.asked == 2);
  const TimePoint before = fixture.scheduler.now();
  CHECK(fixture.key() == "K1");
  CHECK(fixture.scheduler.now() == before);
  fixture.scheduler.advance(Seconds(60));
  CHECK(fixture.key() == "K2");
  CHECK(fixture.source.most_under_way == 1);
}

TEST_CASE("a failed renewal is tried again at most once a minute, never once a request") {
  CacheFixture fixture;
  CHECK(fixture.key() == "K1");
  fixture.source.fault = kTrouble;
  fixture.scheduler.advance(Seconds(3300));
  CHECK(fixture.source.asked == 2);
  for (int i = 0; i < 1000; ++i) CHECK(fixture.key() == "K1");
  CHECK(fixture.source.asked == 2);
  fixture.scheduler.advance(Seconds(60) - Milliseconds(1));
  CHECK(fixture.source.asked == 2);
  fixture.scheduler.advance(Seconds(15));
  CHECK(fixture.source.asked == 3);
  fixture.scheduler.advance(Seconds(215));
  CHECK(fixture.source.asked >= 2 + 3);
  CHECK(fixture.source.asked <= 2 + 4);
  CHECK(fixture.lines.count("WARN credentials were not renewed reason=trouble") == fixture.source.asked - 1);
  fixture.source.fault.reset();
  fixture.scheduler.advance(Seconds(75));
  CHECK(fixture.key() != "K1");
}

TEST_CASE("expired credentials are not handed out, and a source in trouble is not asked once a request") {
  CacheFixture fixture;
  CHECK(fixture.key() == "K1");
  fixture.source.fault = kTrouble;
  fixture.scheduler.advance(Seconds(3601));
  const int before = fixture.source.asked;
  for (int i = 0; i < 100; ++i) CHECK(fixture.key() == "trouble");
  CHECK(fixture.source.asked <= before + 1);
}

TEST_CASE("credentials that come with less than 5 minutes left are used, and asked for once a minute at most") {
  CacheFixture fixture;
  fixture.source.life = Seconds(200);
  CHECK(fixture.key() == "K1");
  for (int i = 0; i < 60; ++i) {
    fixture.scheduler.advance(Seconds(1));
    CHECK(fixture.key() == "K1");
  }
  CHECK(fixture.source.asked == 1);
  fixture.scheduler.advance(Seconds(15));
  CHECK(fixture.key() == "K2");
  CHECK(fixture.source.asked == 2);
}

TEST_CASE("credentials that come expired are used, and asked for once a minute at most") {
  CacheFixture fixture;
  fixture.source.life = -Seconds(10);
  CHECK(fixture.key() == "K1");
  for (int i = 0; i < 60; ++i) {
    CHECK(fixture.key() == "K1");
    fixture.scheduler.advance(Seconds(1));
  }
  CHECK(fixture.source.asked == 1);
  fixture.scheduler.advance(Seconds(15));
  CHECK(fixture.key() == "K2");
}

TEST_CASE("credentials that expire every second fail no request, and are renewed one at a time") {
  CacheFixture fixture;
  fixture.source.life = Seconds(1);
  fixture.source.takes = Milliseconds(100);
  std::vector<Task<Result<SharedCredentials>>> running;
  for (int i = 0; i < 3000; ++i) {
    running.push_back(fixture.cached.get(fixture.scheduler.now() + Seconds(5)));
    running.back().start(fixture.scheduler);
    fixture.scheduler.advance(Milliseconds(10));
  }
  fixture.scheduler.advance(Seconds(5));
  int served = 0;
  for (auto& task : running) served += task.done() && task.take().ok() ? 1 : 0;
  CHECK(served == 3000);
  CHECK(fixture.source.most_under_way == 1);
  CHECK(fixture.source.asked <= 40);
}

TEST_CASE("credentials without an expiry are never renewed by themselves") {
  CacheFixture fixture;
  fixture.source.life.reset();
  CHECK(fixture.key() == "K1");
  fixture.scheduler.advance(std::chrono::hours(24 * 365));
  CHECK(fixture.key() == "K1");
  CHECK(fixture.source.asked == 1);
}

TEST_CASE("a first load that failed stands for a second, and is not repeated by itself") {
  CacheFixture fixture;
  fixture.source.fault = kTrouble;
  for (int i = 0; i < 10; ++i) CHECK(fixture.key() == "trouble");
  CHECK(fixture.source.asked == 1);
  fixture.scheduler.advance(Seconds(100));
  CHECK(fixture.source.asked == 1);
  fixture.source.fault.reset();
  CHECK(fixture.key() == "K2");
}

TEST_CASE("200 refusals of the same keys are one renewal") {
  CacheFixture fixture;
  const SharedCredentials refused = *fixture.get();
  fixture.source.takes = Seconds(1);
  std::vector<Task<Result<SharedCredentials>>> renewing;
  for (int i = 0; i < 200; ++i) {
    renewing.push_back(fixture.cached.renew(refused, fixture.scheduler.now() + Seconds(30)));
    renewing.back().start(fixture.scheduler);
    if (i % 10 == 0) fixture.scheduler.advance(Milliseconds(100));
  }
  fixture.scheduler.advance(Seconds(5));
  for (auto& task : renewing) {
    REQUIRE(task.done());
    CHECK(task.take().value()->access_key_id == "K2");
  }
  CHECK(fixture.source.asked == 2);
}

TEST_CASE("a source that returns the same keys again is a fault, and is not asked again for a while") {
  CacheFixture fixture;
  fixture.source.same_keys = true;
  const SharedCredentials refused = *fixture.get();
  for (int i = 0; i < 50; ++i) CHECK(fixture.renew(refused).fault().is_expired());
  CHECK(fixture.source.asked == 2);
  fixture.scheduler.advance(Seconds(59));
  CHECK_FALSE(fixture.renew(refused).ok());
  CHECK(fixture.source.asked == 2);
  fixture.scheduler.advance(Seconds(16));
  CHECK_FALSE(fixture.renew(refused).ok());
  CHECK(fixture.source.asked == 3);
}

TEST_CASE("a source that costs nothing to ask is asked at each refusal") {
  CacheFixture fixture;
  CachedCredentials cached(fixture.source, fixture.context,
                           {.after_first_fault = Nanoseconds(0), .after_refusal = false});
  fixture.source.same_keys = true;
  const SharedCredentials refused = *fixture.finish(cached.get(fixture.scheduler.now() + Seconds(5)));
  for (int i = 0; i < 5; ++i)
    CHECK_FALSE(fixture.finish(cached.renew(refused, fixture.scheduler.now() + Seconds(5))).ok());
  CHECK(fixture.source.asked == 6);
}

TEST_CASE("new keys that are refused are renewed, however shortly before the old ones could not be") {
  CacheFixture fixture;
  fixture.source.same_keys = true;
  const SharedCredentials first = *fixture.get();
  CHECK_FALSE(fixture.renew(first).ok());
  fixture.source.same_keys = false;
  fixture.cached.ask_again();
  fixture.scheduler.run_until_idle();
  const SharedCredentials second = *fixture.get();
  REQUIRE_FALSE(second->same_keys(*first));
  CHECK(fixture.renew(second).ok());
}

TEST_CASE("a renewal of refused keys that fails leaves the source alone for a while, too") {
  CacheFixture fixture;
  const SharedCredentials refused = *fixture.get();
  fixture.source.fault = kTrouble;
  CHECK(fixture.renew(refused).fault().message == "trouble");
  for (int i = 0; i < 50; ++i) CHECK_FALSE(fixture.renew(refused).ok());
  CHECK(fixture.source.asked == 2);
}

TEST_CASE("a source that is known to have changed is asked at once, also after a load that is under way") {
  CacheFixture fixture;
  CHECK(fixture.key() == "K1");
  fixture.cached.ask_again();
  fixture.scheduler.run_until_idle();
  CHECK(fixture.key() == "K2");
  fixture.source.takes = Seconds(1);
  fixture.cached.ask_again();
  fixture.cached.ask_again();
  fixture.scheduler.advance(Seconds(3));
  CHECK(fixture.key() == "K4");
}

TEST_CASE("expiry is judged by AWS's clock, for the cache") {
  CacheFixture fixture;
  CHECK(fixture.key() == "K1");
  fixture.clock.set_offset("aws.example", Seconds(3600));
  CHECK(fixture.key() == "K2");
}

TEST_CASE("time spent suspended counts") {
  CacheFixture fixture;
  CHECK(fixture.key() == "K1");
  fixture.scheduler.suspend(Seconds(4000));
  CHECK(fixture.key() == "K2");
}

TEST_CASE("it can be destroyed while a load is under way") {
  CredentialsFixture fixture;
  CountingSource source(fixture.scheduler);
  source.takes = Seconds(1);
  auto cached = std::make_unique<CachedCredentials>(source, fixture.context);
  {
    auto waiting = started(fixture.scheduler, cached->get(fixture.scheduler.now() + Seconds(5)));
    CHECK_FALSE(waiting.done());
  }
  cached.reset();
  fixture.scheduler.advance(Seconds(5));
  CHECK(source.asked == 1);
}

TEST_CASE("a renewal that fails is transient without bound, whatever kept the source from giving keys") {
  for (const Fault& fault :
       {kTrouble, Fault::internal("exit status 1"), Fault::internal("no file"), Fault::absent("nothing configured")}) {
    CAPTURE(fault.message);
    CacheFixture fixture;
    CHECK(fixture.key() == "K1");
    fixture.source.fault = fault;
    for (const Seconds later : {Seconds(3601), Seconds(7200), Seconds(1'000'000)}) {
      fixture.scheduler.advance(later);
      for (int asked = 0; asked < 2; ++asked) {
        const auto none = fixture.get();
        REQUIRE_FALSE(none.ok());
        CHECK(none.fault().is_transient());
        CHECK(none.fault().http_status == fault.http_status);
        CHECK(none.fault().code == fault.code);
      }
    }
  }
}

TEST_CASE("a renewal that the source refuses is transient for an hour after the keys ran out, then an error") {
  CacheFixture fixture;
  CHECK(fixture.key() == "K1");
  fixture.source.fault = Fault::denied("403");
  fixture.scheduler.advance(Seconds(3600));
  CHECK(fixture.get().fault().is_transient());
  fixture.scheduler.advance(Seconds(3600));
  CHECK(fixture.get().fault().is_transient());
  fixture.scheduler.advance(Nanoseconds(1));
  CHECK(fixture.get().fault().is_denied());
  fixture.source.fault.reset();
  fixture.scheduler.advance(Seconds(75));
  CHECK(fixture.get().ok());
}

TEST_CASE("keys without an expiry run out when AWS refuses them") {
  CacheFixture fixture;
  fixture.source.life.reset();
  const SharedCredentials keys = *fixture.get();
  fixture.source.fault = Fault::denied("403");
  fixture.scheduler.advance(Seconds(10'000));
  CHECK(fixture.renew(keys).fault().is_transient());
  fixture.scheduler.advance(Seconds(3600));
  CHECK(fixture.renew(keys).fault().is_transient());
  fixture.scheduler.advance(Seconds(76));
  CHECK(fixture.renew(keys).fault().is_denied());
}

TEST_CASE("what a source never gave is no renewal: its fault stays as it is") {
  CacheFixture fixture;
  fixture.source.fault = Fault::internal("exit status 1");
  CHECK(fixture.get().fault().is_internal());
}

TEST_CASE("what STS answered to a role's assumption stays as it is") {
  CacheFixture fixture;
  CHECK(fixture.key() == "K1");
  fixture.source.fault = Fault::of_aws(Fault::Kind::denied, 403, "AccessDeniedException", "no");
  fixture.scheduler.advance(Seconds(3601));
  CHECK(fixture.get().fault().is_denied());
}

TEST_CASE("keys that expired centuries ago are asked for again at most once a minute, also if AWS refuses them") {
  CacheFixture fixture;
  fixture.source.life = bounded_difference(kFirstTime, fixture.scheduler.wall_now());
  SharedCredentials keys = *fixture.get();
  CHECK(fixture.source.asked == 1);
  for (int i = 0; i < 50; ++i) {
    CHECK(fixture.get().ok());
    CHECK_FALSE(fixture.renew(keys).ok());
    fixture.scheduler.advance(Seconds(1));
  }
  CHECK(fixture.source.asked == 1);
  fixture.scheduler.advance(Seconds(30));
  CHECK(fixture.get().ok());
  CHECK(fixture.source.asked == 2);
}

TEST_CASE("loads are counted by source and outcome if somebody wants to know") {
  CredentialsFixture fixture;
  CredentialLoads loads;
  AwsContext context = fixture.context;
  context.loads = &loads;
  CountingSource source{fixture.scheduler};
  CachedCredentials cached{source, context};
  const auto get = [&] { return fixture.finish(cached.get(fixture.scheduler.now() + Seconds(30))); };
  source.fault = kTrouble;
  CHECK_FALSE(get().ok());
  fixture.scheduler.advance(Seconds(2));
  source.fault.reset();
  CHECK(get().ok());
  CHECK(get().ok());
  REQUIRE(loads.by_source.size() == 1);
  CHECK(loads.by_source.at("test").ok == 1);
  CHECK(loads.by_source.at("test").error == 1);
}
