#include "aws/call_record.h"

#include <doctest/doctest.h>

namespace sma {
namespace {

TEST_CASE("each call is counted once, by its outcome") {
  CallCounts counts;
  counts.add(nullptr);
  for (const Fault& fault :
       {Fault::of_aws(Fault::Kind::throttled, 400, "ThrottlingException", "slow down"),
        Fault::of_aws(Fault::Kind::denied, 400, "AccessDeniedException", "no"), Fault::timeout("late"),
        Fault::of_aws(Fault::Kind::denied, 400, "ResourceNotFoundException", "none"), Fault::denied("of the agent")})
    counts.add(&fault);
  CHECK(counts.ok == 1);
  CHECK(counts.throttled == 1);
  CHECK(counts.denied == 1);
  CHECK(counts.transient == 1);
  CHECK(counts.error == 2);
  CHECK(counts.dropped == 0);
}

TEST_CASE("the total is over all operations, those that are known from the start and others") {
  CallRecord record;
  CHECK(record.operations.size() == 6);
  record.operations["GetSecretValue"].outcomes.ok = 2;
  record.operations["SomethingElse"].outcomes.ok = 1;
  record.operations["AssumeRole"].outcomes.dropped = 4;
  CHECK(record.total().ok == 3);
  CHECK(record.total().dropped == 4);
}

}  // namespace
}  // namespace sma
