#include "agent/files/temporary_name.h"

#include <doctest/doctest.h>

#include "tests/unit/base/equal_bytes.h"

namespace sma {
namespace {

TEST_CASE("a temporary name is hidden, random, and known again") {
  EqualBytes random(0xA5);
  CHECK(temporary_name(random) == ".secrets-manager-agent-a5a5a5a5a5a5a5a5");
  CHECK(is_temporary_name(temporary_name(random)));
  SystemRandom system;
  CHECK(temporary_name(system) != temporary_name(system));
}

TEST_CASE("a name that is another program's or a person's is no temporary name") {
  for (const char* name : {"", ".", "..", "db_password", ".secrets-manager-agent-", ".secrets-manager-agent-a5a5",
                           ".secrets-manager-agent-a5a5a5a5a5a5a5a5.bak", ".secrets-manager-agent-A5A5A5A5A5A5A5A5",
                           "secrets-manager-agent-a5a5a5a5a5a5a5a55"})
    CHECK_FALSE_MESSAGE(is_temporary_name(name), name);
}

}  // namespace
}  // namespace sma
