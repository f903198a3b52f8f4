#include "aws/profile.h"

#include <doctest/doctest.h>

#include <string>

using namespace sma;

namespace {

Result<Profiles> parse(std::string_view config, std::string_view credentials = {}) {
  return Profiles::parse({"config", WipedBytes(config)}, {"credentials", WipedBytes(credentials)});
}

std::string value(const Result<Profiles>& profiles, std::string_view profile, std::string_view key) {
  REQUIRE(profiles.ok());
  return std::string(profiles->get(profile, key).value_or("(none)"));
}

std::string complaint(std::string_view config) {
  const auto profiles = parse(config);
  REQUIRE_FALSE(profiles.ok());
  return profiles.fault().message;
}

}  // namespace

TEST_CASE("profiles of the config file are written with a prefix, the default one without") {
  const auto profiles =
      parse("[default]\nregion = a\n[profile dev]\nregion = b\n[profile\tops  ]\nregion=c\n[dev2]\nregion = d\n");
  CHECK(value(profiles, "default", "region") == "a");
  CHECK(value(profiles, "dev", "region") == "b");
  CHECK(value(profiles, "ops", "region") == "c");
  CHECK_FALSE(profiles->has_profile("dev2"));
  REQUIRE(profiles->ignored().size() == 1);
  CHECK(profiles->ignored()[0].find("[dev2]") != std::string::npos);
}

TEST_CASE("profiles of the credentials file are written without a prefix") {
  const auto profiles = parse(
      "", "[default]\naws_access_key_id = a\n[dev]\naws_access_key_id = b\n[profile ops]\naws_access_key_id = c\n");
  CHECK(value(profiles, "default", "aws_access_key_id") == "a");
  CHECK(value(profiles, "dev", "aws_access_key_id") == "b");
  CHECK_FALSE(profiles->has_profile("ops"));
  CHECK(profiles->ignored().size() == 1);
}

TEST_CASE("[profile default] takes the place of [default], wherever it stands") {
  CHECK(value(parse("[profile default]\nregion = a\n[default]\nregion = b\noutput = json\n"), "default", "region") ==
        "a");
  CHECK(value(parse("[default]\nregion = b\noutput = json\n[profile default]\nregion = a\n"), "default", "output") ==
        "(none)");
}

TEST_CASE("the credentials file wins over the config file key by key") {
  const auto profiles =
      parse("[default]\nregion = a\naws_access_key_id = config\n", "[default]\naws_access_key_id = credentials\n");
  CHECK(value(profiles, "default", "region") == "a");
  CHECK(value(profiles, "default", "aws_access_key_id") == "credentials");
}

TEST_CASE("sections and keys given twice are merged, the last one wins") {
  const auto profiles =
      parse("[profile a]\nregion = x\noutput = json\n[profile b]\n[profile a]\nregion = y\nregion = z\n");
  CHECK(value(profiles, "a", "region") == "z");
  CHECK(value(profiles, "a", "output") == "json");
}

TEST_CASE("comments begin a line, or follow white space") {
  const auto profiles = parse(
      "# first\n; second\n[default] ; third\nregion = a#b # comment\noutput = a;b ; comment\nrole_arn = # nothing\n");
  CHECK(value(profiles, "default", "region") == "a#b");
  CHECK(value(profiles, "default", "output") == "a;b");
  CHECK(value(profiles, "default", "role_arn") == "(none)");
}

TEST_CASE("a comment after a section's name needs no white space") {
  CHECK(value(parse("[profile a]#b\nregion = x\n"), "a", "region") == "x");
  CHECK(complaint("[profile a#b]\nregion = x\n") == "config:1: a section's name must end with ]");
}

TEST_CASE("keys are read in any case and hold further equals signs") {
  const auto profiles = parse("[default]\nAWS_Secret_Access_Key = ab=c==\n");
  CHECK(value(profiles, "default", "aws_secret_access_key") == "ab=c==");
}

TEST_CASE("white space around names, keys and values does not count") {
  const auto profiles = parse("[ profile   a ]\nregion\t =\t us-east-1 \t\r\noutput=json\r\n");
  CHECK(value(profiles, "a", "region") == "us-east-1");
  CHECK(value(profiles, "a", "output") == "json");
}

TEST_CASE("an indented line continues the value above it") {
  const auto profiles = parse("[default]\ncredential_process = one # comment\n\n   two # kept\n\tthree\nregion = x\n");
  CHECK(value(profiles, "default", "credential_process") == "one\ntwo # kept\nthree");
  CHECK(value(profiles, "default", "region") == "x");
}

TEST_CASE("indented keys under a key without a value do not leak into the profile") {
  const auto profiles = parse("[default]\ns3 =\n  region = inner\n  # a comment\n  max = 3\nregion = outer\n");
  CHECK(value(profiles, "default", "region") == "outer");
  CHECK(value(profiles, "default", "s3") == "\nregion = inner\nmax = 3");
  CHECK(value(profiles, "default", "max") == "(none)");
}

TEST_CASE("services sections hold keys for each service") {
  const auto profiles = parse(
      "[profile a]\nservices = local\n[services local]\nsecrets_manager =\n  endpoint_url = http://localhost:1\n"
      "  other = x\nsts =\n  endpoint_url = http://localhost:2\n");
  REQUIRE(profiles.ok());
  CHECK(profiles->services("local", "secrets_manager", "endpoint_url") == "http://localhost:1");
  CHECK(profiles->services("local", "sts", "endpoint_url") == "http://localhost:2");
  CHECK_FALSE(profiles->services("local", "s3", "endpoint_url"));
  CHECK_FALSE(profiles->services("local", "sts", "other"));
  CHECK_FALSE(profiles->services("remote", "sts", "endpoint_url"));
  CHECK_FALSE(profiles->has_profile("local"));
}

TEST_CASE("sso sessions are kept apart from profiles") {
  const auto profiles = parse("[sso-session s]\nsso_region = eu-west-1\n");
  REQUIRE(profiles.ok());
  CHECK(profiles->has_sso_session("s"));
  CHECK(profiles->sso_session("s", "sso_region") == "eu-west-1");
  CHECK_FALSE(profiles->has_profile("s"));
}

TEST_CASE("sections of kinds we do not know are ignored") {
  const auto profiles = parse("[plugins x]\na = b\n[preview]\nc = d\n[default]\nregion = r\n");
  CHECK(value(profiles, "default", "region") == "r");
}

TEST_CASE("an empty value counts as none") {
  CHECK(value(parse("[default]\nregion =\n"), "default", "region") == "(none)");
}

TEST_CASE("names with characters that are not allowed are ignored, with a reason") {
  const auto profiles = parse("[profile \"a b\"]\nregion = x\n[default]\nbad key = y\nregion = z\n");
  CHECK(value(profiles, "default", "region") == "z");
  CHECK(profiles->ignored().size() == 2);
}

TEST_CASE("lines may be of any length") {
  const std::string lengthy(200'000, 'x');
  CHECK(value(parse("[default]\naws_session_token = " + lengthy + "\nregion = r\n"), "default", "aws_session_token") ==
        lengthy);
}

TEST_CASE("a byte order mark and a missing last line end do no harm") {
  CHECK(value(parse("\xEF\xBB\xBF[default]\nregion = r"), "default", "region") == "r");
}

TEST_CASE("profiles can be moved, their values stay") {
  auto profiles = parse("[default]\nregion = r\n");
  REQUIRE(profiles.ok());
  const Profiles moved = std::move(*profiles);
  CHECK(moved.get("default", "region") == "r");
}

TEST_CASE("what cannot be read is refused by file and line, without its content") {
  CHECK(complaint("region = x\n") == "config:1: a section such as [default] must come first");
  CHECK(complaint("  region = x\n") == "config:1: a section such as [default] must come first");
  CHECK(complaint("[default\nregion = x\n") == "config:1: a section's name must end with ]");
  CHECK(complaint("[default]\nregion = x\nsecret\n") == "config:3: a key needs a =");
  CHECK(complaint("[default]\n= x\n") == "config:2: there is no key before the =");
  CHECK(complaint("[default]\n  region = x\n") == "config:2: an indented line must continue a key of the same section");
  CHECK(complaint("[default]\ns3 =\n  secret\n") == "config:3: an indented key needs a =");
  const auto profiles = parse("[default]\n", "[default]\n# fine\nsecret\n");
  REQUIRE_FALSE(profiles.ok());
  CHECK(profiles.fault().message == "credentials:3: a key needs a =");
}
