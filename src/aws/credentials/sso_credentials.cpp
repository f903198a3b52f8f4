#include "aws/credentials/sso_credentials.h"

#include <openssl/evp.h>

#include <array>

#include "aws/credential_endpoint.h"
#include "aws/credentials/json_credentials.h"
#include "aws/endpoint.h"
#include "aws/endpoint_retries.h"
#include "aws/endpoint_settings.h"
#include "aws/partitions.h"
#include "base/hex.h"
#include "base/percent.h"
#include "base/time_text.h"
#include "base/wall_time.h"
#include "base/whole_number.h"

namespace sma {
namespace {

constexpr EndpointRetries::Limits kRetries{.attempts = 3, .pause = Milliseconds{50}};

std::string log_in(const SsoSettings& settings) { return "log in: aws sso login --profile " + settings.profile; }

Fault refused(const SsoSettings& settings, ClientResponse response) {
  std::string message = "the SSO portal answered " + std::to_string(response.status);
  if (const auto answer = JsonDocument::parse(std::move(response.body)))
    if (const auto text = member_in_any_case(answer->root(), "message"))
      message += ": " + std::string(error_text(*text));
  if (response.status == 401) message += "; " + log_in(settings);
  return endpoint_refusal(response.status, std::move(message));
}

Result<Credentials> read_role_credentials(WipedBytes body) {
  const auto answer = JsonDocument::parse(std::move(body));
  const JsonValue found = answer ? answer->root()["roleCredentials"] : JsonValue();
  if (!found.is_object()) return Fault::connection("the SSO portal's answer holds no roleCredentials");
  const auto expiration = whole_number<std::int64_t>(member_in_any_case(found, "expiration").value_or(""));
  if (!expiration) return Fault::connection("the SSO portal's answer has no expiration");
  auto credentials = read_credentials(
      found, {.session_token = "sessionToken", .expiration = CredentialsForm::Expiration::not_read}, "sso");
  if (credentials.ok())
    credentials->expiration = bounded_time(Seconds(*expiration / 1000), Milliseconds(*expiration % 1000));
  return credentials;
}

}  // namespace

std::string SsoSettings::token_file_name() const {
  const std::string& name = session.empty() ? start_url : session;
  std::array<unsigned char, 20> digest{};
  EVP_Digest(name.data(), name.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  std::string text;
  append_hex(text, {reinterpret_cast<const char*>(digest.data()), digest.size()});
  return text + ".json";
}

Result<SsoSettings> read_sso_settings(const Profiles& profiles, const std::string& profile) {
  const auto fault = [](const std::string& what) { return Fault::internal(what); };
  SsoSettings settings;
  settings.profile = profile;
  settings.session = profiles.get(profile, "sso_session").value_or("");
  if (!settings.session.empty() && !profiles.has_sso_session(settings.session))
    return fault("there is no [sso-session " + settings.session + "]");
  struct Wanted {
    std::string_view key;
    std::string& value;
  };
  const std::array<Wanted, 4> all{{{"sso_start_url", settings.start_url},
                                   {"sso_region", settings.region},
                                   {"sso_account_id", settings.account_id},
                                   {"sso_role_name", settings.role_name}}};
  for (const auto& [key, value] : all) {
    const auto own = profiles.get(profile, key);
    const auto shared = settings.session.empty() ? std::nullopt : profiles.sso_session(settings.session, key);
    if (own && shared && *own != *shared)
      return fault(std::string(key) + " differs from that of [sso-session " + settings.session + "]");
    if (!own && !shared) return fault(std::string(key) + " is missing");
    value = own ? *own : *shared;
  }
  return settings;
}

Result<std::string> sso_portal_url(const Environment& environment, const ProfileFiles& files,
                                   const std::string& region) {
  auto endpoints = read_endpoint_settings(environment, files);
  if (!endpoints.ok()) return endpoints.fault();
  if (!endpoints->sso_portal_url.empty()) return std::move(endpoints->sso_portal_url);
  if (!is_valid_region(region)) return Fault::internal("sso_region is no region");
  return "https://portal.sso." + region + "." + std::string(partition_of(region).dns_suffix);
}

Task<Result<Credentials>> SsoCredentials::load(SsoSettings settings, std::string portal_url, TimePoint deadline) {
  EndpointRetries retries(context_, kRetries, deadline);
  for (;;) {
    auto trying = attempt(settings, portal_url, deadline);
    auto credentials = co_await std::move(trying);
    if (credentials.ok() || !credentials.fault().is_transient()) co_return credentials;
    auto waiting = retries.wait();
    const bool again = co_await std::move(waiting);
    if (!again) co_return credentials;
  }
}

Task<Result<Credentials>> SsoCredentials::attempt(SsoSettings settings, std::string portal_url, TimePoint deadline) {
  auto reading = token(settings);
  auto found = co_await std::move(reading);
  if (!found.ok()) co_return std::move(found.fault());
  ClientRequest request;
  request.url = std::move(portal_url) + "/federation/credentials?account_id=" + percent_encoded(settings.account_id) +
                "&role_name=" + percent_encoded(settings.role_name);
  request.fields.push_back({"x-amz-sso_bearer_token", std::move(*found)});
  request.deadline = deadline;
  request.queued = false;
  auto sending = surroundings_.http.send(std::move(request));
  auto response = co_await std::move(sending);
  if (!response.ok()) co_return std::move(response.fault());
  if (response->status != 200) co_return refused(settings, std::move(*response));
  co_return response->read_body(read_role_credentials);
}

Task<Result<WipedBytes>> SsoCredentials::token(SsoSettings settings) const {
  const std::string path = expand_home("~/.aws/sso/cache/" + settings.token_file_name(), surroundings_.environment);
  auto reading = surroundings_.files.ask_trusted(path);
  auto text = co_await std::move(reading);
  if (!text.ok() && text.fault().is_transient()) co_return std::move(text.fault());
  if (!text.ok()) co_return Fault::internal("no sign-in is kept: " + text.fault().message + "; " + log_in(settings));
  const auto kept = JsonDocument::parse(std::move(*text));
  if (!kept) co_return Fault::internal(path + " is no JSON object; " + log_in(settings));
  const auto token = member_in_any_case(kept->root(), "accessToken");
  const auto expires_at = parse_iso8601(member_in_any_case(kept->root(), "expiresAt").value_or(""));
  if (!token || !expires_at) co_return Fault::internal(path + " lacks accessToken or expiresAt; " + log_in(settings));
  if (*expires_at <= context_.clock.now()) co_return Fault::internal("the sign-in has expired; " + log_in(settings));
  co_return WipedBytes(*token);
}

}  // namespace sma
