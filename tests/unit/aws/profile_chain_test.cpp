#include "aws/profile_chain.h"

#include <doctest/doctest.h>

#include "tests/unit/aws/credentials/fixture.h"

using namespace sma;
using Base = ProfileChain::Base;

namespace {

Result<ProfileChain> resolve(const std::string& config, const std::string& profile = {}) {
  MemoryFiles files;
  files.texts["/c"] = config;
  Variables variables{{"AWS_CONFIG_FILE", "/c"}};
  if (!profile.empty()) variables["AWS_PROFILE"] = profile;
  const auto read = read_profile_files(Environment(variables), files);
  REQUIRE(read.ok());
  return resolve_profile_chain(*read);
}

Base base_of(const std::string& keys) {
  const auto chain = resolve("[default]\n" + keys);
  REQUIRE(chain.ok());
  return chain->base;
}

Fault refusal(const std::string& config, const std::string& profile = {}) {
  const auto chain = resolve(config, profile);
  REQUIRE_FALSE(chain.ok());
  return chain.fault();
}

const std::string kKeys = "aws_access_key_id = a\naws_secret_access_key = s\n";

}  // namespace

TEST_CASE("within a profile the kinds of credentials stand in the Rust SDK's order") {
  std::string keys = kKeys;
  CHECK(base_of(keys) == Base::static_keys);
  keys += "credential_process = p\n";
  CHECK(base_of(keys) == Base::credential_process);
  keys += "sso_start_url = u\n";
  CHECK(base_of(keys) == Base::sso);
  keys += "web_identity_token_file = f\nrole_arn = r\n";
  CHECK(base_of(keys) == Base::web_identity);
  keys += "credential_source = Environment\n";
  CHECK(base_of(keys) == Base::credential_source);
}

TEST_CASE("a role draws on another profile") {
  const auto chain = resolve(
      "[default]\nrole_arn = r\nsource_profile = b\nexternal_id = e\nrole_session_name = s\nduration_seconds = "
      "900\n[profile b]\n" +
      kKeys);
  REQUIRE(chain.ok());
  CHECK(chain->base == Base::static_keys);
  CHECK(chain->base_profile == "b");
  REQUIRE(chain->roles.size() == 1);
  CHECK(chain->roles[0].role_arn == "r");
  CHECK(chain->roles[0].external_id == "e");
  CHECK(chain->roles[0].session_name == "s");
  CHECK(chain->roles[0].duration == Seconds(900));
}

TEST_CASE("roles that draw on roles are assumed from the base on") {
  const auto chain = resolve(
      "[default]\nrole_arn = r1\nsource_profile = b\n[profile b]\nrole_arn = r2\nsource_profile = c\n[profile "
      "c]\ncredential_process = p\n");
  REQUIRE(chain.ok());
  CHECK(chain->base == Base::credential_process);
  REQUIRE(chain->roles.size() == 2);
  CHECK(chain->roles[0].role_arn == "r2");
  CHECK(chain->roles[1].role_arn == "r1");
}

TEST_CASE("a further profile's static keys come before its role") {
  const auto chain = resolve(
      "[default]\nrole_arn = r1\nsource_profile = b\n[profile b]\nrole_arn = r2\nsource_profile = nowhere\n" + kKeys);
  REQUIRE(chain.ok());
  CHECK(chain->roles.size() == 1);
}

TEST_CASE("a profile may draw on itself") {
  const auto chain = resolve("[default]\nrole_arn = r\nsource_profile = default\n" + kKeys);
  REQUIRE(chain.ok());
  CHECK(chain->base == Base::static_keys);
  CHECK(chain->roles.size() == 1);
}

TEST_CASE("a role may draw on a credential source") {
  const auto chain = resolve("[default]\nrole_arn = r\ncredential_source = EcsContainer\n");
  REQUIRE(chain.ok());
  CHECK(chain->base == Base::credential_source);
  CHECK(chain->roles.size() == 1);
}

TEST_CASE("a role that draws on a web identity has that as its base") {
  const auto chain =
      resolve("[default]\nrole_arn = r\nsource_profile = w\n[profile w]\nrole_arn = wr\nweb_identity_token_file = f\n");
  REQUIRE(chain.ok());
  CHECK(chain->base == Base::web_identity);
  CHECK(chain->base_profile == "w");
  CHECK(chain->roles.size() == 1);
}

TEST_CASE("a duration that is no number is ignored") {
  const auto chain = resolve("[default]\nrole_arn = r\nsource_profile = default\nduration_seconds = 1h\n" + kKeys);
  REQUIRE(chain.ok());
  CHECK_FALSE(chain->roles[0].duration);
}

TEST_CASE("a profile without credentials, or no default profile, is nothing configured") {
  CHECK(refusal("[default]\nregion = r\n").is_absent());
  CHECK(refusal("[profile other]\n" + kKeys).is_absent());
  CHECK(refusal("").is_absent());
  CHECK(refusal("[profile a]\nregion = r\n", "a").is_absent());
}

TEST_CASE("a profile named by AWS_PROFILE has to exist") {
  const Fault fault = refusal("[default]\n" + kKeys, "nope");
  CHECK(fault.is_internal());
  CHECK(fault.message.starts_with("profile nope, named by AWS_PROFILE, is in neither /c"));
}

TEST_CASE("circles of source profiles are refused") {
  const Fault fault =
      refusal("[default]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = default\n");
  CHECK(fault.message == "source_profile leads in a circle: default -> b -> default");
  CHECK(
      refusal("[default]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = b\n").message ==
      "profile b holds no credentials");
}

TEST_CASE("each refusal of a profile names it and the key") {
  CHECK(refusal("[default]\nrole_arn = r\n").message ==
        "profile default: role_arn needs source_profile or credential_source");
  CHECK(refusal("[default]\nrole_arn = r\nsource_profile = b\ncredential_source = Environment\n").message ==
        "profile default: source_profile and credential_source exclude each other");
  CHECK(refusal("[default]\nrole_arn = r\nsource_profile = b\n")
            .message.starts_with("profile b, source_profile of default,"));
  CHECK(refusal("[default]\nrole_arn = r\nsource_profile = b\nmfa_serial = m\n[profile b]\n" + kKeys)
            .message.starts_with("profile default: mfa_serial is not supported"));
  CHECK(refusal("[default]\nlogin_session = l\n" + kKeys).message == "profile default: login_session is not supported");
  CHECK(refusal("[default]\nweb_identity_token_file = f\n").message ==
        "profile default: web_identity_token_file is set, but not role_arn");
  CHECK(refusal("[default]\naws_access_key_id = a\n").message ==
        "profile default: aws_access_key_id is set, but not aws_secret_access_key");
  CHECK(refusal("[default]\naws_secret_access_key = a\n").message ==
        "profile default: aws_secret_access_key is set, but not aws_access_key_id");
  CHECK(refusal("[default]\naws_session_token = a\n").message ==
        "profile default: aws_session_token is set, but no keys");
  const Fault empty = refusal("[default]\nrole_arn = r\nsource_profile = b\n[profile b]\nregion = x\n");
  CHECK(empty.message == "profile b holds no credentials");
  CHECK(empty.is_internal());
}

TEST_CASE("mfa_serial without a role does not matter") {
  CHECK(base_of(kKeys + "mfa_serial = m\n") == Base::static_keys);
}
