#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sma {

enum class AwsService { secrets_manager, sts };

/// The signing name: `secretsmanager`, `sts`.
[[nodiscard]] std::string_view signing_name(AwsService service);

/// What decides the address of a service, besides the service. Overrides were resolved already (see
/// aws/endpoint_settings.h): `override_url` is the one in force for this service, empty if there is none.
struct EndpointParameters {
  std::string region;
  bool use_fips = false;
  bool use_dualstack = false;
  std::string override_url;
};

/// The address that calls go to, and the region that they are signed for.
struct Endpoint {
  std::string url;  ///< scheme://host[:port][/path]
  std::string scheme;
  std::string host;        ///< lower case, without brackets
  int port = 0;            ///< as it will be used: 443 or 80 if the URL names none
  std::string path;        ///< of the URL, as written; mostly empty
  std::string host_field;  ///< for `Host`: Url::authority
  std::string signing_region;
  bool overridden = false;  ///< it may be an emulator's
};

/// Source: botocore's endpoint rule sets of Secrets Manager and STS. An impossible combination (FIPS in a
/// partition without it) is a fault with the rule set's own message.
[[nodiscard]] Result<Endpoint> resolve_endpoint(AwsService service, const EndpointParameters& parameters);

/// Reads a URL into an endpoint; a fault if it is no `http(s)://host[:port][/path]`. Its host, in the `Host` field and
/// in what is signed, is the one that curl sends to (see Url).
[[nodiscard]] Result<Endpoint> parse_endpoint_url(const std::string& url);

/// True for one valid host label (RFC 1123): letters, digits and inner hyphens, 63 at most.
[[nodiscard]] bool is_valid_region(std::string_view region);

}  // namespace sma
