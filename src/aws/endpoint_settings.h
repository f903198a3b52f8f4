#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/endpoint.h"
#include "aws/profile_files.h"
#include "base/environment.h"
#include "base/result.h"

namespace sma {

/// What environment and profile say about endpoints. Source: AWS SDKs and Tools Reference Guide, "Service-specific
/// endpoints", "Dual-stack and FIPS endpoints"; specification §3.11.
struct EndpointSettings {
  bool use_fips = false;
  bool use_dualstack = false;
  std::string secrets_manager_url;  ///< the override in force; empty: none
  std::string sts_url;
  std::string sso_portal_url;         ///< without a trailing slash
  std::vector<std::string> warnings;  ///< for the log: values that were ignored

  [[nodiscard]] EndpointParameters parameters(AwsService service, std::string region) const;
};

/// An override that is no URL is a fault that names its place.
[[nodiscard]] Result<EndpointSettings> read_endpoint_settings(const Environment& environment,
                                                              const ProfileFiles& profile);

/// The region that `configured` (the agent's own key, may be empty), `AWS_REGION`, `AWS_DEFAULT_REGION` or the profile
/// names, in this order. A fault of kind `absent` if none does: instance metadata is asked then; `denied` if it
/// is no host label.
[[nodiscard]] Result<std::string> configured_region(std::string_view configured, const Environment& environment,
                                                    const ProfileFiles& profile);

}  // namespace sma
