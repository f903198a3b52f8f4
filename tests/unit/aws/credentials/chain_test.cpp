#include "aws/credentials/chain.h"

#include <doctest/doctest.h>

#include "tests/unit/aws/credentials/fixture.h"

using namespace sma;

namespace {

/// Gives the key id it is told to, or the fault.
class ToldSource final : public CredentialsSource {
 public:
  ToldSource(std::string name, std::optional<Fault> told) : fault(std::move(told)), name_(std::move(name)) {}
  Task<Result<Credentials>> load(TimePoint) override {
    ++asked;
    if (fault) co_return *fault;
    Credentials given;
    given.access_key_id = name_;
    co_return given;
  }
  [[nodiscard]] std::string_view name() const override { return name_; }

  std::optional<Fault> fault;
  int asked = 0;

 private:
  std::string name_;
};

}  // namespace

TEST_CASE("the first source that has something wins, and those after it are not asked") {
  CredentialsFixture fixture;
  ToldSource a("a", Fault::absent("no a"));
  ToldSource b("b", std::nullopt);
  ToldSource c("c", std::nullopt);
  ChainSource chain({&a, &b, &c}, fixture.log);
  const auto found = fixture.load(chain);
  REQUIRE(found.ok());
  CHECK(found->access_key_id == "b");
  CHECK(chain.name() == "b");
  CHECK(c.asked == 0);
}

TEST_CASE("renewal asks only the source that won, also if it fails") {
  CredentialsFixture fixture;
  ToldSource a("a", Fault::absent("no a"));
  ToldSource b("b", std::nullopt);
  ToldSource c("c", std::nullopt);
  ChainSource chain({&a, &b, &c}, fixture.log);
  REQUIRE(fixture.load(chain).ok());
  a.fault.reset();
  b.fault = Fault::absent("gone");
  const auto renewed = fixture.load(chain);
  REQUIRE_FALSE(renewed.ok());
  CHECK(renewed.fault().is_transient());
  CHECK(renewed.fault().message == "b: gone");
  CHECK(a.asked == 1);
  CHECK(b.asked == 2);
  CHECK(c.asked == 0);
}

TEST_CASE("a source that is configured but fails ends the search, and is named") {
  CredentialsFixture fixture;
  ToldSource a("a", Fault::timeout("too slow"));
  ToldSource b("b", std::nullopt);
  ChainSource chain({&a, &b}, fixture.log);
  const auto found = fixture.load(chain);
  REQUIRE_FALSE(found.ok());
  CHECK(found.fault().message == "a: too slow");
  CHECK(found.fault().is_transient());
  CHECK(b.asked == 0);
}

TEST_CASE("if nothing is configured anywhere, the fault lists all that was looked at") {
  CredentialsFixture fixture;
  ToldSource a("a", Fault::absent("no a"));
  ToldSource b("b", Fault::absent("no b"));
  ChainSource chain({&a, &b}, fixture.log);
  const auto found = fixture.load(chain);
  REQUIRE_FALSE(found.ok());
  CHECK(found.fault().is_absent());
  CHECK(found.fault().message == "no credentials were found: a: no a; b: no b");
  CHECK(fixture.lines.count("DEBUG credentials source has nothing") == 2);
}

TEST_CASE("as long as none has won the search begins again") {
  CredentialsFixture fixture;
  ToldSource a("a", Fault::absent("no a"));
  ChainSource chain({&a}, fixture.log);
  CHECK_FALSE(fixture.load(chain).ok());
  a.fault.reset();
  CHECK(fixture.load(chain).ok());
}
