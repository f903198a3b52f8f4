#include "aws/endpoint_settings.h"

#include <doctest/doctest.h>

namespace sma {
namespace {

ProfileFiles profile_of(std::string_view config) {
  auto profiles = Profiles::parse({"config", WipedBytes(config)}, {"credentials", {}});
  REQUIRE(profiles.ok());
  ProfileFiles files;
  files.profile = "default";
  files.profiles = std::move(*profiles);
  return files;
}

using Variables = std::map<std::string, std::string, std::less<>>;

EndpointSettings settings_of(Variables variables, std::string_view config = "") {
  auto settings = read_endpoint_settings(Environment(std::move(variables)), profile_of(config));
  REQUIRE(settings.ok());
  return *settings;
}

constexpr std::string_view kServices =
    "[default]\nendpoint_url = http://all\nservices = local\n"
    "[services local]\nsecrets_manager =\n  endpoint_url = http://secrets\nsts =\n  endpoint_url = http://tokens\n";

}  // namespace

TEST_CASE("nothing set means no override, no FIPS, no dual stack") {
  const EndpointSettings settings = settings_of({});
  CHECK_FALSE(settings.use_fips);
  CHECK_FALSE(settings.use_dualstack);
  CHECK(settings.secrets_manager_url.empty());
  CHECK(settings.sts_url.empty());
  CHECK(settings.warnings.empty());
}

TEST_CASE("the override for one service wins over that for all, the environment over the profile") {
  CHECK(settings_of({}, "[default]\nendpoint_url = http://all").sts_url == "http://all");
  CHECK(settings_of({}, kServices).secrets_manager_url == "http://secrets");
  CHECK(settings_of({}, kServices).sts_url == "http://tokens");
  CHECK(settings_of({{"AWS_ENDPOINT_URL", "http://env"}}, kServices).secrets_manager_url == "http://env");
  const EndpointSettings both = settings_of({{"AWS_ENDPOINT_URL", "http://env"},
                                             {"AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://s"},
                                             {"AWS_ENDPOINT_URL_STS", "http://t"}},
                                            kServices);
  CHECK(both.parameters(AwsService::secrets_manager, "x").override_url == "http://s");
  CHECK(both.parameters(AwsService::sts, "x").override_url == "http://t");
}

TEST_CASE("overrides are switched off by the environment, else by the profile") {
  CHECK(settings_of({{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "True"}, {"AWS_ENDPOINT_URL", "http://env"}})
            .sts_url.empty());
  const std::string config = std::string(kServices) + "[default]\nignore_configured_endpoint_urls = true\n";
  CHECK(settings_of({}, config).sts_url.empty());
  CHECK(settings_of({{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false"}}, config).sts_url == "http://tokens");
}

TEST_CASE(
    "FIPS and dual stack are read from the environment, then the profile; other values are ignored with a warning") {
  const EndpointSettings settings =
      settings_of({{"AWS_USE_FIPS_ENDPOINT", "TRUE"}, {"AWS_USE_DUALSTACK_ENDPOINT", "yes"}},
                  "[default]\nuse_fips_endpoint = false\nuse_dualstack_endpoint = true");
  CHECK(settings.use_fips);
  CHECK(settings.use_dualstack);
  REQUIRE(settings.warnings.size() == 1);
  CHECK(settings.warnings[0] == "AWS_USE_DUALSTACK_ENDPOINT is ignored: it has to be true or false");
}

TEST_CASE("STS is asked in the region, whatever AWS_STS_REGIONAL_ENDPOINTS and its key in the profile say") {
  for (const std::string style : {"legacy", "regional"}) {
    const EndpointSettings settings =
        settings_of({{"AWS_STS_REGIONAL_ENDPOINTS", style}}, "[default]\nsts_regional_endpoints = " + style);
    CHECK(settings.warnings.empty());
    for (const std::string region : {"us-east-1", "eu-central-1"}) {
      const auto endpoint = resolve_endpoint(AwsService::sts, settings.parameters(AwsService::sts, region));
      REQUIRE(endpoint.ok());
      CHECK(endpoint->url == "https://sts." + region + ".amazonaws.com");
    }
  }
}

TEST_CASE("an override that is no URL is a fault that names its place") {
  const auto settings = read_endpoint_settings(Environment(Variables{{"AWS_ENDPOINT_URL", "localhost:4566"}}), {});
  REQUIRE_FALSE(settings.ok());
  CHECK(settings.fault().message.starts_with("AWS_ENDPOINT_URL: "));
}

TEST_CASE("the region is the configured one, then AWS_REGION, AWS_DEFAULT_REGION and the profile's") {
  const ProfileFiles profile = profile_of("[default]\nregion = profile-1");
  const Environment environment(Variables{{"AWS_REGION", "env-1"}, {"AWS_DEFAULT_REGION", "env-2"}});
  CHECK(*configured_region("config-1", environment, profile) == "config-1");
  CHECK(*configured_region("", environment, profile) == "env-1");
  CHECK(*configured_region("", Environment(Variables{{"AWS_DEFAULT_REGION", "env-2"}}), profile) == "env-2");
  CHECK(*configured_region("", Environment(Variables{}), profile) == "profile-1");
  CHECK(configured_region("", Environment(Variables{}), {}).fault().is_absent());
}

TEST_CASE("a region that is no host label is refused, not ignored") {
  const auto region = configured_region(
      "", Environment(Variables{{"AWS_REGION", "evil.example/"}, {"AWS_DEFAULT_REGION", "env-2"}}), {});
  REQUIRE_FALSE(region.ok());
  CHECK(region.fault().is_denied());
  CHECK(region.fault().message.find("\"evil.example/\" of AWS_REGION") != std::string::npos);
}

}  // namespace sma
