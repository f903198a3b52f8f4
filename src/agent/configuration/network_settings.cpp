#include "agent/configuration/network_settings.h"

#include <array>
#include <initializer_list>
#include <utility>

#include "http_client/certificate_bundle.h"
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

SharedBytes first_set(const Environment& environment, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (SharedBytes value = environment.share(name); !value.empty()) return value;
  }
  return {};
}

constexpr std::size_t kBundleLimit = std::size_t{16} << 20;

/// `name`: where the bundle is configured.
Result<std::vector<std::string>> check_bundle(const Files& files, const std::string& name, const std::string& path) {
  const auto bundle = files.read_trusted(path, kBundleLimit);
  if (!bundle.ok()) return Fault::internal(name + ": " + bundle.fault().message);
  auto broken = check_certificate_bundle(bundle->view());
  if (!broken.ok()) return Fault::internal(name + " " + path + ": " + broken.fault().message);
  return broken;
}

Fault not_a_proxy(const std::string& name) {
  return Fault::internal(name + " (or its upper case, or all_proxy) is no proxy: http://[user:password@]host[:port]");
}

}  // namespace

Result<HttpClientSettings> network_settings(const Environment& environment, const Files& files,
                                            const std::string& profile_ca_bundle) {
  HttpClientSettings settings;
  settings.user_agent =
      "aws-secrets-manager-agent/" SMA_VERSION " aws-workload-credentials-provider/" SMA_VERSION " lang/c++";
  settings.no_proxy = NoProxy(first_set(environment, {"no_proxy", "NO_PROXY"}).view());
  settings.https_proxy = first_set(environment, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  settings.http_proxy = first_set(environment, {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"});
  // Checked here because curl would quote a wrong one, password included, in the fault of each call.
  for (const auto& [name, proxy] :
       {std::pair("https_proxy", settings.https_proxy), {"http_proxy", settings.http_proxy}}) {
    if (!proxy.empty() && !is_proxy_url(proxy.view())) return not_a_proxy(name);
  }

  settings.ca_bundle = environment.get_or("AWS_CA_BUNDLE", profile_ca_bundle);
  if (!settings.ca_bundle.empty()) {
    auto broken = check_bundle(files, "the certificate bundle (AWS_CA_BUNDLE or ca_bundle)", settings.ca_bundle);
    if (!broken.ok()) return broken.fault();
    settings.broken_authorities = std::move(*broken);
    return settings;
  }
  settings.ca_file = environment.get_or("SSL_CERT_FILE", "");
  settings.ca_folder = environment.get_or("SSL_CERT_DIR", "");
  for (const auto& [name, path] :
       {std::pair("SSL_CERT_FILE", settings.ca_file), {"SSL_CERT_DIR", settings.ca_folder}}) {
    const Result<Done> checked = files.check_trusted(path);
    if (!checked.ok()) return Fault::internal(std::string(name) + ": " + checked.fault().message);
  }
  if (!settings.ca_file.empty()) {
    auto broken = check_bundle(files, "SSL_CERT_FILE", settings.ca_file);
    if (!broken.ok()) return broken.fault();
    settings.broken_authorities = std::move(*broken);
  }
  if (!settings.ca_file.empty() || !settings.ca_folder.empty()) return settings;
  for (const char* path : kBundles) {
    if (!files.exists(path)) continue;
    auto broken = check_bundle(files, "the certificate bundle", path);
    if (!broken.ok()) continue;
    settings.ca_file = path;
    settings.broken_authorities = std::move(*broken);
    break;
  }
  return settings;
}

}  // namespace sma
