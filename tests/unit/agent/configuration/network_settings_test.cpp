#include "agent/configuration/network_settings.h"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "tests/unit/http_client/certificate_text.h"

namespace sma {
namespace {

class SomeFiles final : public Files {
 public:
  explicit SomeFiles(std::map<std::string, std::string> texts) : texts_(std::move(texts)) {}
  [[nodiscard]] Result<WipedBytes> read(const std::string& path, std::size_t /*limit*/) const override {
    const auto found = texts_.find(path);
    if (found == texts_.end()) return Fault::internal("cannot read " + path + ": No such file or directory");
    return WipedBytes(found->second);
  }
  [[nodiscard]] Result<CheckedFile> read_checked(const std::string& path, FileRule rule,
                                                 std::size_t limit) const override {
    if (const auto trusted = check_trusted(path); !trusted.ok()) return trusted.fault();
    return Files::read_checked(path, rule, limit);
  }
  [[nodiscard]] Result<Done> check_trusted(const std::string& path) const override {
    if (path.starts_with("/planted")) return Fault::internal("cannot read " + path + ": hers");
    return Done{};
  }
  [[nodiscard]] bool exists(const std::string& path) const override { return texts_.contains(path); }

 private:
  std::map<std::string, std::string> texts_;
};

using Variables = std::map<std::string, std::string, std::less<>>;

const std::string kPem = certificate_text();  // NOLINT(cert-err58-cpp)
const std::string kBroken =                   // NOLINT(cert-err58-cpp)
    "-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----\n";

Result<HttpClientSettings> read(Variables variables, const std::string& profile_bundle = "") {
  const SomeFiles files({{"/own.pem", kPem},
                         {"/file.pem", kPem},
                         {"/profile.pem", kPem},
                         {"/empty.pem", ""},
                         {"/junk.pem", "hunter2"},
                         {"/broken.pem", kBroken},
                         {"/mixed.pem", kPem + kBroken},
                         {"/etc/ssl/certs/ca-certificates.crt", kBroken},
                         {"/etc/pki/tls/certs/ca-bundle.crt", kPem},
                         {"/etc/ssl/cert.pem", kPem}});
  return network_settings(Environment(std::move(variables)), files, profile_bundle);
}

}  // namespace

TEST_CASE("the bundle is that of AWS_CA_BUNDLE, then the profile's, and nothing else is trusted then") {
  const Variables other = {{"SSL_CERT_FILE", "/file.pem"}, {"SSL_CERT_DIR", "/folder"}};
  Variables own = other;
  own["AWS_CA_BUNDLE"] = "/own.pem";
  for (const auto& [settings, bundle] :
       {std::pair{read(own, "/profile.pem"), "/own.pem"}, std::pair{read(other, "/profile.pem"), "/profile.pem"}}) {
    REQUIRE(settings.ok());
    CHECK(settings->ca_bundle == bundle);
    CHECK(settings->ca_file.empty());
    CHECK(settings->ca_folder.empty());
  }
}

TEST_CASE(
    "a bundle that cannot be read, or holds no good certificate, is a fault that names it: there is no fallback") {
  for (const char* path : {"/none.pem", "/empty.pem", "/junk.pem", "/broken.pem"}) {
    for (const auto& settings :
         {read({{"AWS_CA_BUNDLE", path}}, "/profile.pem"), read({}, path), read({{"SSL_CERT_FILE", path}})}) {
      REQUIRE_FALSE(settings.ok());
      CHECK(settings.fault().message.find(path) != std::string::npos);
      CHECK(settings.fault().message.find("hunter2") == std::string::npos);
    }
  }
}

TEST_CASE("else SSL_CERT_FILE and SSL_CERT_DIR name the authorities, either of them or both") {
  const auto both = read({{"SSL_CERT_FILE", "/file.pem"}, {"SSL_CERT_DIR", "/folder"}});
  CHECK(both->ca_file == "/file.pem");
  CHECK(both->ca_folder == "/folder");
  CHECK(read({{"SSL_CERT_FILE", "/file.pem"}})->ca_folder.empty());
  CHECK(read({{"SSL_CERT_DIR", "/folder"}})->ca_file.empty());
  CHECK(read({{"AWS_CA_BUNDLE", " "}, {"SSL_CERT_FILE", "/file.pem"}})->ca_file == "/file.pem");
}

TEST_CASE("authorities that another user can have put there are a fault") {
  for (const char* name : {"AWS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"}) {
    const auto settings = read({{name, "/planted.pem"}});
    REQUIRE_FALSE(settings.ok());
    CHECK(settings.fault().message.find(name) != std::string::npos);
    CHECK(settings.fault().message.find("cannot read /planted.pem: hers") != std::string::npos);
  }
  CHECK_FALSE(read({}, "/planted.pem").ok());
}

TEST_CASE("a broken certificate among good ones is reported by its place") {
  for (const auto& settings : {read({{"AWS_CA_BUNDLE", "/mixed.pem"}}), read({{"SSL_CERT_FILE", "/mixed.pem"}})}) {
    REQUIRE(settings.ok());
    REQUIRE(settings->broken_authorities.size() == 1);
    CHECK(settings->broken_authorities.front().starts_with("PEM block 2, line 10"));
  }
}

TEST_CASE("else the first of the usual places that has a good certificate does") {
  CHECK(read({})->ca_file == "/etc/pki/tls/certs/ca-bundle.crt");
  CHECK(network_settings(Environment(Variables{}), SomeFiles({}), "")->ca_file.empty());
}

TEST_CASE("proxies are named in lower case first, then upper, and all_proxy stands for what is missing") {
  const auto settings = read({{"https_proxy", "http://lower:1"},
                              {"HTTPS_PROXY", "http://upper:1"},
                              {"HTTP_PROXY", "http://upper:2"},
                              {"no_proxy", "lower"},
                              {"NO_PROXY", "upper"},
                              {"ALL_PROXY", "http://all:3"}});
  CHECK(settings->https_proxy.view() == "http://lower:1");
  CHECK(settings->http_proxy.view() == "http://upper:2");
  CHECK(settings->no_proxy.exempts("lower", 443));
  CHECK_FALSE(settings->no_proxy.exempts("upper", 443));
  const auto all = read({{"ALL_PROXY", "http://upper:3"}, {"all_proxy", "socks5h://lower:3"}, {"http_proxy", "own:4"}});
  CHECK(all->https_proxy.view() == "socks5h://lower:3");
  CHECK(all->http_proxy.view() == "own:4");
  const auto none = read({{"https_proxy", ""}});
  CHECK(none->https_proxy.empty());
  CHECK(none->http_proxy.empty());
  CHECK(none->no_proxy.empty());
}

TEST_CASE("what curl cannot use as a proxy is a fault that says which, and does not quote it") {
  for (const char* wrong : {"http://user:hunter2@", "http://user:hunter2 @host", "http://user:hun/ter2@host:1",
                            "ftp://user:hunter2@host", "hunter2://host", "http://"}) {
    CAPTURE(wrong);
    for (const char* name : {"https_proxy", "HTTP_PROXY", "all_proxy"}) {
      const auto settings = read({{name, wrong}});
      REQUIRE_FALSE(settings.ok());
      CHECK(settings.fault().message.find("_proxy") != std::string::npos);
      CHECK(settings.fault().message.find("hunter2") == std::string::npos);
    }
  }
}

TEST_CASE("User-Agent names both agents") {
  const std::string name = read({})->user_agent;
  CHECK(name.find("aws-secrets-manager-agent/" SMA_VERSION) != std::string::npos);
  CHECK(name.find("aws-workload-credentials-provider/" SMA_VERSION) != std::string::npos);
}

}  // namespace sma
