#pragma once

#include <string>

#include "base/environment.h"
#include "base/files.h"
#include "base/result.h"
#include "http_client/http_client.h"

namespace sma {

/// The authorities that outgoing TLS trusts and the proxies it uses, from the environment and the profile's `ca_bundle`
/// (empty if it has none). A bundle that was named but cannot be read is a fault that names it: there is no fallback.
///
/// Authorities: `AWS_CA_BUNDLE`, else `ca_bundle`, else `SSL_CERT_FILE` and `SSL_CERT_DIR`, else the places in which
/// distributions keep them. Proxies: `https_proxy`, `http_proxy`, else `all_proxy`; `no_proxy`; lower case first, then
/// upper. What cannot be a proxy is a fault that does not quote it.
[[nodiscard]] Result<HttpClientSettings> network_settings(const Environment& environment, const Files& files,
                                                          const std::string& profile_ca_bundle);

}  // namespace sma
