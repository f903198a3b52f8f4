#include "aws/role_credentials.h"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event.h"
#include "tests/unit/aws/credentials/fixture.h"

using namespace sma;

namespace {

std::string arn(int number) { return "arn:aws:iam::111122223333:role/r" + std::to_string(number); }

/// STS whose answers a test gives when it likes.
class HeldSts final : public Sts {
 public:
  struct Call {
    explicit Call(Scheduler& scheduler, AssumeRoleRequest of) : request(std::move(of)), answered(scheduler) {}
    AssumeRoleRequest request;
    Event answered;
    std::optional<Fault> fault;
    bool dropped = false;
  };

  explicit HeldSts(ManualScheduler& scheduler) : scheduler_(scheduler) {}

  Task<Result<CallerIdentity>> get_caller_identity(CredentialsProvider& /*keys*/, TimePoint /*deadline*/) override {
    co_return CallerIdentity{};
  }
  Task<Result<Credentials>> assume_role(AssumeRoleRequest request, CredentialsProvider& /*base*/,
                                        TimePoint /*deadline*/) override {
    const auto call = std::make_shared<Call>(scheduler_, std::move(request));
    calls.push_back(call);
    const Guard guard{call};
    co_await call->answered.wait();
    if (call->fault) co_return *call->fault;
    Credentials given;
    given.access_key_id = "KEY" + std::to_string(++given_);
    given.expiration = scheduler_.wall_now() + Seconds(3600);
    co_return given;
  }
  Task<Result<Credentials>> assume_role_with_web_identity(AssumeRoleRequest /*request*/, WipedBytes /*token*/,
                                                          TimePoint /*deadline*/) override {
    co_return Fault::internal("not asked for");
  }

  std::vector<std::shared_ptr<Call>> calls;

 private:
  struct Guard {
    std::shared_ptr<Call> call;
    ~Guard() { call->dropped = !call->answered.is_set(); }
  };
  ManualScheduler& scheduler_;
  int given_ = 0;
};

/// The base: keys, or a fault.
class Base final : public CredentialsProvider {
 public:
  Task<Result<SharedCredentials>> get(TimePoint /*deadline*/) override {
    if (fault) co_return *fault;
    co_return std::make_shared<const Credentials>();
  }
  Task<Result<SharedCredentials>> renew(SharedCredentials refused, TimePoint /*deadline*/) override {
    co_return refused;
  }
  std::optional<Fault> fault;
};

using Role = std::shared_ptr<RoleCredentials::Role>;

struct RoleFixture : CredentialsFixture {
  Task<Result<Role>> ask(int number, Nanoseconds wait = Seconds(55)) {
    return started(scheduler, roles.assume(arn(number), scheduler.now() + wait));
  }
  void answer(std::size_t call, std::optional<Fault> fault = std::nullopt) {
    held.calls[call]->fault = std::move(fault);
    held.calls[call]->answered.set();
    scheduler.run_until_idle();
  }
  /// The access key, the fault's status and code, or `waiting`.
  static std::string got(Task<Result<Role>>& task) {
    if (!task.done()) return "waiting";
    const Result<Role> role = task.take();
    if (!role.ok()) return std::to_string(role.fault().http_status) + ' ' + role.fault().code;
    return (*role)->credentials.held()->access_key_id;
  }

  HeldSts held{scheduler};
  Base base;
  RoleCredentials roles{held, base, context, {.session_name = "the-session", .max_roles = 2}};
};

Fault of_sts(int status, const char* code, Fault::Kind kind) { return Fault::of_aws(kind, status, code, "said STS"); }

}  // namespace

TEST_CASE("however many ask for a role first, it is assumed once, under the session's name") {
  RoleFixture f;
  std::vector<Task<Result<Role>>> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(f.ask(1));
  REQUIRE(f.held.calls.size() == 1);
  CHECK(f.held.calls[0]->request.role_arn == arn(1));
  CHECK(f.held.calls[0]->request.session_name == "the-session");
  f.answer(0);
  for (auto& client : clients) CHECK(f.got(client) == "KEY1");
  auto later = f.ask(1);
  CHECK(f.got(later) == "KEY1");
  CHECK(f.held.calls.size() == 1);
  CHECK(f.roles.count() == 1);
}

TEST_CASE("one role's assumption waits for no other's") {
  RoleFixture f;
  auto slow = f.ask(1);
  auto quick = f.ask(2);
  f.answer(1);
  CHECK(f.got(quick) == "KEY1");
  CHECK(f.got(slow) == "waiting");
}

TEST_CASE("whatever STS answers to an assumption is a 403, and transient if STS's own answer is") {
  const struct {
    Fault fault;
    bool passes;
  } rows[] = {{of_sts(403, "AccessDenied", Fault::Kind::denied), false},
              {of_sts(400, "ValidationError", Fault::Kind::denied), false},
              {of_sts(403, "ExpiredToken", Fault::Kind::expired), false},
              {of_sts(400, "TimeoutError", Fault::Kind::denied), false},
              {of_sts(400, "Throttling", Fault::Kind::throttled), true},
              {of_sts(429, "TooManyRequests", Fault::Kind::throttled), true},
              {of_sts(500, "InternalFailure", Fault::Kind::transient), true},
              {of_sts(500, "ConnectionError", Fault::Kind::transient), true},
              {of_sts(501, "NotImplemented", Fault::Kind::lasting), true},
              {of_sts(504, "TimeoutError", Fault::Kind::transient), true},
              {of_sts(503, "ServiceUnavailable", Fault::Kind::transient), true}};
  for (const auto& row : rows) {
    CAPTURE(row.fault.code);
    RoleFixture f;
    auto client = f.ask(1);
    f.answer(0, row.fault);
    REQUIRE(client.done());
    const Result<Role> role = client.take();
    CHECK(role.fault().http_status == 403);
    CHECK(role.fault().code == "AccessDeniedException");
    CHECK(role.fault().message == row.fault.code + ": said STS");
    CHECK(role.fault().is_transient() == row.passes);
  }
}

TEST_CASE("why STS did not answer is reported as it is") {
  for (const Fault& fault : {Fault::timeout("late"), Fault::connection("refused")}) {
    RoleFixture f;
    auto client = f.ask(1);
    f.answer(0, fault);
    CHECK(f.got(client) == std::to_string(fault.http_status) + ' ' + fault.code);
  }
}

TEST_CASE("why there are no base credentials is reported as it is, and STS is not asked") {
  RoleFixture f;
  f.base.fault = of_sts(503, "ServiceUnavailable", Fault::Kind::transient);
  auto client = f.ask(1);
  CHECK(f.got(client) == "503 ServiceUnavailable");
  CHECK(f.held.calls.empty());
}

TEST_CASE("an assumption that failed is tried again by the next request") {
  RoleFixture f;
  auto first = f.ask(1);
  f.answer(0, of_sts(403, "AccessDenied", Fault::Kind::denied));
  auto second = f.ask(1);
  REQUIRE(f.held.calls.size() == 2);
  f.answer(1);
  CHECK(f.got(second) == "KEY1");
}

TEST_CASE("a role counts from its first success; one that failed, or is still being assumed, does not") {
  RoleFixture f;
  auto failed = f.ask(1);
  f.answer(0, of_sts(403, "AccessDenied", Fault::Kind::denied));
  auto pending = f.ask(2);
  for (const int number : {3, 4}) {
    auto client = f.ask(number);
    f.answer(f.held.calls.size() - 1);
    CHECK(f.got(client).starts_with("KEY"));
  }
  CHECK(f.roles.count() == 2);
  const std::size_t asked = f.held.calls.size();
  auto too_many = f.ask(5);
  CHECK(f.got(too_many) == "400 MaxRolesExceeded");
  CHECK(f.held.calls.size() == asked);
  auto known = f.ask(3);
  CHECK(f.got(known) == "KEY1");
  f.answer(1);
  CHECK(f.got(pending) == "400 MaxRolesExceeded");
  CHECK(f.roles.count() == 2);
}

TEST_CASE("roles that are assumed at the same time become no more than allowed, even if others wait for them") {
  RoleFixture f;
  std::vector<Task<Result<Role>>> clients;
  for (int number = 0; number < 10; ++number)
    for (int i = 0; i < 2; ++i) clients.push_back(f.ask(number));
  REQUIRE(f.held.calls.size() == 10);
  for (std::size_t call = 0; call < 10; ++call) f.answer(call);
  std::size_t served = 0;
  for (auto& client : clients) {
    const std::string outcome = f.got(client);
    if (outcome == "400 MaxRolesExceeded") continue;
    CHECK(outcome.starts_with("KEY"));
    ++served;
  }
  CHECK(served == 4);
  CHECK(f.roles.count() == 2);
}

TEST_CASE("an assumption whose clients have all gone is dropped, and asked for again") {
  RoleFixture f;
  { const auto client = f.ask(1); }
  f.scheduler.run_until_idle();
  CHECK(f.held.calls[0]->dropped);
  auto later = f.ask(1);
  f.answer(1);
  CHECK(f.got(later) == "KEY1");
}

TEST_CASE("a client waits for an assumption until its own deadline") {
  RoleFixture f;
  auto hurried = f.ask(1, Seconds(1));
  auto patient = f.ask(1);
  f.scheduler.advance(Seconds(1));
  CHECK(f.got(hurried) == "504 TimeoutError");
  f.answer(0);
  CHECK(f.got(patient) == "KEY1");
}

TEST_CASE("a role's keys are renewed by themselves ahead of their end, the old ones in use meanwhile") {
  RoleFixture f;
  auto first = f.ask(1);
  f.answer(0);
  f.scheduler.advance(Seconds(3300));
  REQUIRE(f.held.calls.size() == 2);
  auto meanwhile = f.ask(1);
  CHECK(f.got(meanwhile) == "KEY1");
  f.answer(1);
  auto after = f.ask(1);
  CHECK(f.got(after) == "KEY2");
}
