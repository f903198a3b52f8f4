#include "agent/configuration/network_settings.h"

#include <array>

#include "http_client/url.h"

namespace sma {
namespace {

constexpr std::array<const char*, 7> kBundles{
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",                   // Amazon Linux, RHEL, Fedora
    "/etc/ssl/ca-bundle.pem",                             // SUSE
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL
    "/etc/pki/tls/cacert.pem",
    "/etc/ssl/cert.pem",  // Alpine, BSDs
    "/usr/local/share/certs/ca-root-nss.crt",
};

std::string either_case(const Environment& environment, std::string_view lower, std::string_view upper,
                        std::string_view fallback = "") {
  return std::string(environment.get_or(lower, environment.get_or(upper, fallback)));
}

Fault no_proxy_url(const std::string& name) {
  return Fault::internal(name + " (or its upper case, or all_proxy) is no proxy: http://[user:password@]host[:port]");
}

}  // namespace

Result<HttpClientSettings> network_settings(const Environment& environment, const Files& files,
                                            const std::string& profile_ca_bundle) {
  HttpClientSettings settings;
  settings.user_agent =
      "aws-secrets-manager-agent/" SMA_VERSION " aws-workload-credentials-provider/" SMA_VERSION " lang/c++";
  settings.no_proxy = either_case(environment, "no_proxy", "NO_PROXY");
  const std::string any_proxy = either_case(environment, "all_proxy", "ALL_PROXY", "");
  settings.https_proxy = either_case(environment, "https_proxy", "HTTPS_PROXY", any_proxy);
  settings.http_proxy = either_case(environment, "http_proxy", "HTTP_PROXY", any_proxy);
  // Not quoted: people put passwords into them, and curl would quote them in each call's fault.
  if (!settings.https_proxy.empty() && !is_proxy_url(settings.https_proxy)) return no_proxy_url("https_proxy");
  if (!settings.http_proxy.empty() && !is_proxy_url(settings.http_proxy)) return no_proxy_url("http_proxy");

  settings.ca_bundle = environment.get_or("AWS_CA_BUNDLE", profile_ca_bundle);
  if (!settings.ca_bundle.empty()) {
    const auto bundle = files.read(settings.ca_bundle, std::size_t{16} << 20);
    if (!bundle.ok())
      return Fault::internal("the certificate bundle (AWS_CA_BUNDLE or ca_bundle): " + bundle.fault().message);
    if (bundle->view().find("-----BEGIN ") == std::string_view::npos)
      return Fault::internal("the certificate bundle (AWS_CA_BUNDLE or ca_bundle): no certificate (PEM) is in " +
                             settings.ca_bundle);
    return settings;
  }
  settings.ca_file = environment.get_or("SSL_CERT_FILE", "");
  settings.ca_folder = environment.get_or("SSL_CERT_DIR", "");
  if (!settings.ca_file.empty() || !settings.ca_folder.empty()) return settings;
  for (const char* path : kBundles) {
    if (files.exists(path)) {
      settings.ca_file = path;
      break;
    }
  }
  return settings;
}

}  // namespace sma
