#include "base/fault.h"

#include <doctest/doctest.h>

using namespace sma;

TEST_CASE("each kind of fault is asked by method, and what may go away is transient") {
  const auto of = [](Fault::Kind kind) { return Fault::of_aws(kind, 400, "Code", "text"); };
  for (const auto kind : {Fault::Kind::transient, Fault::Kind::throttled, Fault::Kind::lasting})
    CHECK(of(kind).is_transient());
  for (const auto kind : {Fault::Kind::denied, Fault::Kind::expired, Fault::Kind::absent, Fault::Kind::internal})
    CHECK_FALSE(of(kind).is_transient());
  CHECK(of(Fault::Kind::transient).is_worth_retrying());
  CHECK(of(Fault::Kind::throttled).is_worth_retrying());
  CHECK_FALSE(of(Fault::Kind::lasting).is_worth_retrying());
  CHECK(of(Fault::Kind::denied).is_denied());
  CHECK(of(Fault::Kind::expired).is_expired());
  CHECK(of(Fault::Kind::absent).is_absent());
  CHECK(of(Fault::Kind::internal).is_internal());
}

TEST_CASE("a code that AWS and the agent both use does not make their faults alike") {
  const Fault own = Fault::timeout("slow");
  const Fault theirs = Fault::of_aws(Fault::Kind::transient, own.http_status, own.code, own.message);
  CHECK(own.is_without_answer());
  CHECK(own.is_timeout());
  CHECK_FALSE(own.came_from_aws());
  CHECK(theirs.came_from_aws());
  CHECK_FALSE(theirs.is_without_answer());
  CHECK_FALSE(theirs.is_timeout());
  CHECK_FALSE(own.has_cause_of(theirs));
  CHECK(own.has_cause_of(Fault::timeout("slow again")));
  CHECK_FALSE(own.has_cause_of(Fault::connection("refused")));
  CHECK_FALSE(Fault::connection("refused").is_timeout());
}

TEST_CASE("only AWS denies access") {
  CHECK(Fault::of_aws(Fault::Kind::denied, 400, "AccessDeniedException", "").is_access_denied());
  CHECK(Fault::of_aws(Fault::Kind::denied, 403, "AccessDenied", "").is_access_denied());
  CHECK_FALSE(Fault::of_agent(Fault::Kind::denied, 403, "AccessDeniedException", "").is_access_denied());
}

TEST_CASE("a fault whose answer is hidden is the agent's own, of the same kind") {
  Fault fault = Fault::of_aws(Fault::Kind::throttled, 400, "Throttling", "slower");
  fault.hide_answer();
  CHECK_FALSE(fault.came_from_aws());
  CHECK(fault.is_throttled());
  CHECK(fault.http_status == 500);
  CHECK(fault.code == "InternalFailure");
  CHECK(fault.message == "slower");
}
