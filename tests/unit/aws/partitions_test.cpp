#include "aws/partitions.h"

#include <doctest/doctest.h>

namespace sma {

TEST_CASE("a region's form tells its partition") {
  using Id = Partition::Id;
  CHECK(partition_of("eu-central-1").id == Id::aws);
  CHECK(partition_of("aws-global").id == Id::aws);
  CHECK(partition_of("us-gov-west-1").id == Id::aws_us_gov);
  CHECK(partition_of("cn-north-1").id == Id::aws_cn);
  CHECK(partition_of("us-iso-east-1").id == Id::aws_iso);
  CHECK(partition_of("us-isob-east-1").id == Id::aws_iso_b);
  CHECK(partition_of("eu-isoe-west-1").id == Id::aws_iso_e);
  CHECK(partition_of("us-isof-south-1").id == Id::aws_iso_f);
  CHECK(partition_of("eusc-de-east-1").id == Id::aws_eusc);
  CHECK(partition_of("aws-iso-b-global").id == Id::aws_iso_b);
}

TEST_CASE("a region nobody knows yet belongs to the partition of its form") {
  CHECK(partition_of("cn-moon-77").id == Partition::Id::aws_cn);
  CHECK(partition_of("us-gov-middle_earth-3").id == Partition::Id::aws_us_gov);
}

TEST_CASE("what has no partition's form belongs to aws") {
  for (const char* region : {"", "-", "--", "-1", "cn", "cn-north", "cn-north-", "cn-north-1a", "cn--1", "us-gov--1",
                             "moon", "eusc-fr-east-1", "cn-north-1-x", "CN-north-1"})
    CHECK(partition_of(region).id == Partition::Id::aws);
}

TEST_CASE("a region of no partition's form is not known") {
  for (const char* region :
       {"eu-central-1", "aws-global", "us-gov-west-1", "cn-moon-77", "mx-central-1", "aws-iso-b-global"})
    CHECK(is_known_region(region));
  for (const char* region :
       {"", "eu-central", "eu-central-1a", "central-1", "eu_central_1", "EU-central-1", "moon-base-1"})
    CHECK_FALSE(is_known_region(region));
}

}  // namespace sma
