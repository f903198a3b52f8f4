#include "agent/files/mount_points.h"

#include <doctest/doctest.h>

namespace sma {
namespace {

using Points = std::vector<std::string>;

TEST_CASE("the mount points are the fifth field of each line") {
  CHECK(mount_points("22 1 0:21 / / rw,relatime - overlay overlay rw\n"
                     "36 22 98:0 /file /run/secrets/db rw,noatime master:1 - ext3 /dev/root rw\n") ==
        Points{"/", "/run/secrets/db"});
}

TEST_CASE("what is escaped in a mount point is read as it is meant") {
  CHECK(mount_points("36 22 98:0 / /with\\040space\\134and\\011tab rw - ext3 x rw") == Points{"/with space\\and\ttab"});
  CHECK(mount_points("36 22 98:0 / /not\\0escaped\\ rw - ext3 x rw") == Points{"/not\\0escaped\\"});
}

TEST_CASE("a line with too few fields has no mount point") {
  CHECK(mount_points("").empty());
  CHECK(mount_points("36 22\n\n36 22 98:0 /\n").empty());
}

}  // namespace
}  // namespace sma
