#include "aws/retry_policy.h"

#include <doctest/doctest.h>

#include <cstring>

namespace sma {
namespace {

/// Always the same fraction: 0, or as good as 1.
class FixedRandom final : public Random {
 public:
  explicit FixedRandom(std::uint8_t byte) : byte_(byte) {}
  void fill(std::span<std::uint8_t> bytes) override { std::memset(bytes.data(), byte_, bytes.size()); }

 private:
  std::uint8_t byte_;
};

Fault throttled() { return Fault::of_aws(Fault::Kind::throttled, 400, "ThrottlingException", ""); }
Fault server_error(int status = 500) {
  return Fault::of_aws(Fault::Kind::transient, status, "InternalServerError", "");
}

using Variables = std::map<std::string, std::string, std::less<>>;

struct Call {
  RetryPolicy policy{};
  RetryBudget budget{};
  RetryState state{};
  FixedRandom random{0xFF};

  std::optional<Nanoseconds> fail(const Fault& fault) { return policy.wait_before_retry(state, fault, budget, random); }
  /// Rounded: the jitter is a hair's breadth below 1.
  std::int64_t fail_milliseconds(const Fault& fault) {
    const auto wait = fail(fault);
    return wait ? std::chrono::round<Milliseconds>(*wait).count() : -1;
  }
};

}  // namespace

TEST_CASE("a call is tried three times, waiting up to 50 ms and twice that") {
  Call call;
  CHECK(call.fail_milliseconds(server_error()) == 50);
  CHECK(call.fail_milliseconds(server_error()) == 100);
  CHECK(call.fail_milliseconds(server_error()) == -1);
  CHECK(call.budget.left() == 500 - 2 * 14);
}

TEST_CASE("when throttled the wait begins with up to a second, and a retry costs 5 tokens") {
  Call call;
  CHECK(call.fail_milliseconds(throttled()) == 1000);
  CHECK(call.fail_milliseconds(throttled()) == 2000);
  CHECK(call.budget.left() == 500 - 2 * 5);
}

TEST_CASE("the jitter spans the whole wait") {
  Call call;
  call.random = FixedRandom(0);
  CHECK(call.fail(throttled()) == Nanoseconds{0});
  call.random = FixedRandom(0x80);
  CHECK(call.fail_milliseconds(throttled()) == 1004);  // 0x8080… of 2 s
}

TEST_CASE("the wait grows to 20 seconds before the jitter, however many attempts there are") {
  Call call{.policy = {.max_attempts = 100}};
  call.state.retries = 4;
  CHECK(call.fail_milliseconds(throttled()) == 16000);
  CHECK(call.fail_milliseconds(throttled()) == 20000);
  call.state.retries = 90;
  CHECK(call.fail_milliseconds(throttled()) == 20000);
}

TEST_CASE("x-amz-retry-after lengthens the wait, by 5 seconds at most, and never shortens it") {
  const auto wait_for = [](Milliseconds asked) {
    Call call;
    Fault fault = throttled();
    fault.retry_after = asked;
    return call.fail_milliseconds(fault);
  };
  CHECK(wait_for(Milliseconds{0}) == 1000);
  CHECK(wait_for(Milliseconds{1500}) == 1500);
  CHECK(wait_for(Milliseconds{5900}) == 5900);
  CHECK(wait_for(Milliseconds{60000}) == 6000);
  CHECK(wait_for(Milliseconds::max()) == 6000);
}

TEST_CASE("what the SDKs do not retry is final") {
  CHECK(Call{}.fail(server_error()));
  CHECK(Call{}.fail(Fault::timeout("")));
  CHECK(Call{}.fail(Fault::connection("")));
  CHECK_FALSE(Call{}.fail(Fault::internal("")));
  for (const auto kind : {Fault::Kind::denied, Fault::Kind::expired, Fault::Kind::absent, Fault::Kind::lasting}) {
    Fault fault = server_error();
    fault.set_kind(kind);
    CHECK_FALSE(Call{}.fail(fault));
  }
}

TEST_CASE("an empty budget ends retrying, and a final fault takes nothing from it") {
  Call call{.policy = {.max_attempts = 1000}};
  for (int i = 0; i < 35; ++i) REQUIRE(call.fail(server_error()));
  CHECK(call.budget.left() == 10);
  CHECK_FALSE(call.fail(server_error()));
  CHECK(call.fail(throttled()));
  CHECK(call.budget.left() == 5);
  Call last{.policy = {.max_attempts = 1}};
  CHECK_FALSE(last.fail(server_error()));
  CHECK(last.budget.left() == 500);
}

TEST_CASE("a success pays back what its last retry cost, or one token, up to the budget's capacity") {
  Call call;
  REQUIRE(call.fail(server_error()));
  REQUIRE(call.fail(throttled()));
  call.budget.give_back(call.state);
  CHECK(call.budget.left() == 500 - 14);
  call.budget.give_back({});
  CHECK(call.budget.left() == 500 - 13);
  for (int i = 0; i < 20; ++i) call.budget.give_back({});
  CHECK(call.budget.left() == 500);
}

TEST_CASE("the number of attempts comes from AWS_MAX_ATTEMPTS, then the profile, else it is three") {
  auto profiles = Profiles::parse({"config", WipedBytes("[default]\nmax_attempts = 7")}, {"credentials", {}});
  REQUIRE(profiles.ok());
  ProfileFiles profile;
  profile.profile = "default";
  profile.profiles = std::move(*profiles);
  CHECK(read_retry_settings(Environment(Variables{{"AWS_MAX_ATTEMPTS", "1"}}), profile).policy.max_attempts == 1);
  CHECK(read_retry_settings(Environment(Variables{}), profile).policy.max_attempts == 7);
  CHECK(read_retry_settings(Environment(Variables{}), {}).policy.max_attempts == 3);
  CHECK(read_retry_settings(Environment(Variables{}), {}).warning.empty());
}

TEST_CASE("a number of attempts that is none is a warning and three") {
  for (const char* junk : {"0", "-1", "three", "3x", "2.5", "99999999999999999999"}) {
    const RetrySettings settings = read_retry_settings(Environment(Variables{{"AWS_MAX_ATTEMPTS", junk}}), {});
    CHECK(settings.policy.max_attempts == 3);
    CHECK(settings.warning == "AWS_MAX_ATTEMPTS is ignored: it has to be a number from 1 up");
  }
}

}  // namespace sma
