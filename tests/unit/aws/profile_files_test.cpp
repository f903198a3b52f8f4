#include "aws/profile_files.h"

#include <doctest/doctest.h>

#include "tests/unit/aws/credentials/fixture.h"

using namespace sma;

namespace {

Result<ProfileFiles> read(Variables variables, const MemoryFiles& files) {
  return read_profile_files(Environment(std::move(variables)), files);
}

}  // namespace

TEST_CASE("the shared files are in the home folder") {
  MemoryFiles files;
  files.texts["/home/u/.aws/config"] = "[default]\nregion = r\n";
  files.texts["/home/u/.aws/credentials"] = "[default]\naws_access_key_id = k\n";
  const auto found = read({{"HOME", "/home/u"}}, files);
  REQUIRE(found.ok());
  CHECK(found->get("region") == "r");
  CHECK(found->get("aws_access_key_id") == "k");
  CHECK(found->profile == "default");
  CHECK_FALSE(found->profile_named);
}

TEST_CASE("variables name other files, and the tilde stands for the home folder") {
  MemoryFiles files;
  files.texts["/home/u/x"] = "[profile dev]\nregion = r\n";
  files.texts["/y"] = "[dev]\naws_access_key_id = k\n";
  const auto found = read(
      {{"HOME", "/home/u"}, {"AWS_CONFIG_FILE", "~/x"}, {"AWS_SHARED_CREDENTIALS_FILE", "/y"}, {"AWS_PROFILE", "dev"}},
      files);
  REQUIRE(found.ok());
  CHECK(found->get("region") == "r");
  CHECK(found->get("aws_access_key_id") == "k");
  CHECK(found->profile_named);
}

TEST_CASE("files that do not exist, or no home folder, are as good as empty ones") {
  const MemoryFiles files;
  REQUIRE(read({{"HOME", "/nowhere"}}, files).ok());
  const auto found = read({}, files);
  REQUIRE(found.ok());
  CHECK(found->config_path.empty());
  CHECK_FALSE(found->profiles.has_profile("default"));
}

TEST_CASE("a file that cannot be read is a fault") {
  MemoryFiles files;
  files.unreadable.insert("/c");
  const auto found = read({{"AWS_CONFIG_FILE", "/c"}}, files);
  REQUIRE_FALSE(found.ok());
  CHECK(found.fault().message == "cannot read /c: Permission denied");
}

TEST_CASE("the chosen profile names its services section") {
  MemoryFiles files;
  files.texts["/c"] = "[default]\nservices = s\n[services s]\nsts =\n  endpoint_url = http://x\n";
  const auto found = read({{"AWS_CONFIG_FILE", "/c"}}, files);
  REQUIRE(found.ok());
  CHECK(found->service("sts", "endpoint_url") == "http://x");
  CHECK_FALSE(found->service("secrets_manager", "endpoint_url"));
}
