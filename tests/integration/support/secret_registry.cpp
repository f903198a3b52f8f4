#include "tests/integration/support/secret_registry.h"

#include "tests/standin/encoding.h"

namespace sma::integration {

namespace {

constexpr std::size_t kShortest = 8;
constexpr std::size_t kLooked = 64;  // of a long secret its beginning is enough

}  // namespace

SecretRegistry& SecretRegistry::of_this_run() {
  static SecretRegistry registry;
  return registry;
}

void SecretRegistry::add(const std::string& text) {
  if (text.size() >= kShortest) secrets_.insert(text.substr(0, kLooked));
}

void SecretRegistry::add_all_of(standin::Standin& aws) {
  aws.with([this](standin::World& world) {
    for (const auto& [name, secret] : world.secrets.all()) {
      for (const standin::SecretVersion& version : secret.versions) {
        add(version.text.value_or(""));
        add(version.binary.value_or(""));
        add(standin::base64_encode(version.binary.value_or("")));
      }
    }
    for (const auto& [access_key, principal] : world.keys.all()) {
      add(access_key);
      add(principal.secret_key);
      add(principal.session_token);
    }
    for (const auto& [token, expiry] : world.metadata.tokens) add(token);
    add(world.container.authorization);
    add(world.sso.bearer);
  });
  for (const standin::Record& record : aws.records()) {
    const std::string authorization = record.request.header("authorization").value_or("");
    const std::size_t signature = authorization.find("Signature=");
    if (signature != std::string::npos) add(authorization.substr(signature + 10));
  }
}

std::string SecretRegistry::find_in(std::string_view text) const {
  for (const std::string& secret : secrets_) {
    if (text.find(secret) != std::string_view::npos) return secret.substr(0, 4) + "…";
  }
  return "";
}

}  // namespace sma::integration
