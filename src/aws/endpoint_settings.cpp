#include "aws/endpoint_settings.h"

#include <array>

#include "base/ascii.h"
#include "base/log.h"

namespace sma {
namespace {

/// `true` or `false` from the variable, then the profile; any other value is ignored with a warning.
bool read_switch(const Environment& environment, std::string_view variable, const ProfileFiles& profile,
                 std::string_view key, std::vector<std::string>& warnings) {
  const std::array sources = {std::pair{variable, environment.get(variable)}, std::pair{key, profile.get(key)}};
  for (const auto& [name, value] : sources) {
    if (!value) continue;
    if (equals_ignoring_case(*value, "true")) return true;
    if (equals_ignoring_case(*value, "false")) return false;
    warnings.push_back(std::string(name) + " is ignored: it has to be true or false");
  }
  return false;
}

/// The override in force for a service, empty if there is none.
Result<std::string> read_override(const Environment& environment, const ProfileFiles& profile,
                                  std::string_view variable, std::string_view service) {
  const std::array sources = {std::pair{std::string(variable), environment.get(variable)},
                              std::pair{std::string("AWS_ENDPOINT_URL"), environment.get("AWS_ENDPOINT_URL")},
                              std::pair{"endpoint_url of " + std::string(service) + " in the profile's services",
                                        profile.service(service, "endpoint_url")},
                              std::pair{std::string("the profile's endpoint_url"), profile.get("endpoint_url")}};
  for (const auto& [name, value] : sources) {
    if (!value) continue;
    auto endpoint = parse_endpoint_url(std::string(*value));
    if (!endpoint.ok()) return Fault::internal(name + ": " + endpoint.fault().message);
    return std::move(endpoint->url);
  }
  return std::string();
}

}  // namespace

EndpointParameters EndpointSettings::parameters(AwsService service, std::string region) const {
  return {.region = std::move(region),
          .use_fips = use_fips,
          .use_dualstack = use_dualstack,
          .override_url = service == AwsService::sts ? sts_url : secrets_manager_url};
}

Result<EndpointSettings> read_endpoint_settings(const Environment& environment, const ProfileFiles& profile) {
  EndpointSettings settings;
  const auto is_on = [&](std::string_view variable, std::string_view key) {
    return read_switch(environment, variable, profile, key, settings.warnings);
  };
  settings.use_fips = is_on("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
  settings.use_dualstack = is_on("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
  if (is_on("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls")) return settings;

  auto secrets_manager = read_override(environment, profile, "AWS_ENDPOINT_URL_SECRETS_MANAGER", "secrets_manager");
  if (!secrets_manager.ok()) return secrets_manager.fault();
  auto sts = read_override(environment, profile, "AWS_ENDPOINT_URL_STS", "sts");
  if (!sts.ok()) return sts.fault();
  auto sso_portal = read_override(environment, profile, "AWS_ENDPOINT_URL_SSO", "sso");
  if (!sso_portal.ok()) return sso_portal.fault();
  settings.secrets_manager_url = std::move(*secrets_manager);
  settings.sts_url = std::move(*sts);
  settings.sso_portal_url = std::move(*sso_portal);
  while (settings.sso_portal_url.ends_with('/')) settings.sso_portal_url.pop_back();
  return settings;
}

Result<std::string> configured_region(std::string_view configured, const Environment& environment,
                                      const ProfileFiles& profile) {
  const std::array sources = {
      std::pair{std::string_view("the configuration"),
                configured.empty() ? std::optional<std::string_view>() : std::optional(configured)},
      std::pair{std::string_view("AWS_REGION"), environment.get("AWS_REGION")},
      std::pair{std::string_view("AWS_DEFAULT_REGION"), environment.get("AWS_DEFAULT_REGION")},
      std::pair{std::string_view("the profile"), profile.get("region")}};
  for (const auto& [name, value] : sources) {
    if (!value) continue;
    if (is_valid_region(*value)) return std::string(*value);
    Fault fault = Fault::denied("the region \"");
    append_escaped(fault.message, *value, 80);
    fault.message.append("\" of ").append(name).append(
        " is not valid: letters, digits and inner hyphens, at most 63, are allowed");
    return fault;
  }
  return Fault::absent(
      "no region: neither the configuration, AWS_REGION, AWS_DEFAULT_REGION nor the profile names one");
}

}  // namespace sma
