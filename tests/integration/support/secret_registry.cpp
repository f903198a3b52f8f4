#include "tests/integration/support/secret_registry.h"

#include "tests/integration/support/agent_process.h"
#include "tests/standin/encoding.h"
#include "tests/standin/json.h"

namespace sma::integration {

namespace {

constexpr std::size_t kShortest = 8;
constexpr std::size_t kLooked = 64;  // of a long secret its beginning is enough

}  // namespace

SecretRegistry& SecretRegistry::of_this_run() {
  static SecretRegistry registry;
  return registry;
}

SecretRegistry& SecretRegistry::names_of_this_run() {
  static SecretRegistry registry;
  return registry;
}

void SecretRegistry::add(const std::string& text) {
  if (text.size() < kShortest) return;
  const std::string beginning = text.substr(0, kLooked);
  secrets_.insert(beginning);
  // As it might stand in a text that was made of it. The last characters of base64 depend on what follows.
  secrets_.insert(standin::base64_encode(beginning.substr(0, beginning.size() / 3 * 3)));
  secrets_.insert(percent_encode(beginning));
  const std::string quoted = standin::Json(beginning).to_text();
  secrets_.insert(quoted.substr(1, quoted.size() - 2));
}

void SecretRegistry::add_all_of(const standin::HttpRequest& request) {
  for (const char* const name :
       {"x-amz-security-token", "x-aws-ec2-metadata-token", "x-amz-sso_bearer_token", "authorization"}) {
    add(request.header(name).value_or(""));
  }
  const std::string authorization = request.header("authorization").value_or("");
  const std::size_t signature = authorization.find("Signature=");
  if (signature != std::string::npos) add(authorization.substr(signature + 10));
  if (request.header("content-type").value_or("").starts_with("application/x-www-form-urlencoded"))
    add(standin::parse_form(request.body)["WebIdentityToken"]);
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
  for (const standin::Record& record : aws.records()) add_all_of(record.request);
}

void SecretRegistry::add_names_of(standin::Standin& aws) {
  aws.with([this](standin::World& world) {
    for (const auto& [name, secret] : world.secrets.all()) {
      add(name);
      add(secret.arn);
    }
    for (const auto& [access_key, principal] : world.keys.all()) add(principal.arn);
  });
}

std::string SecretRegistry::find_in(std::string_view text) const {
  for (const std::string& secret : secrets_) {
    if (text.find(secret) != std::string_view::npos) return secret.substr(0, 4) + "…";
  }
  return "";
}

}  // namespace sma::integration
