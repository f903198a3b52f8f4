#include "aws/credentials/container_source.h"

#include <algorithm>
#include <array>

#include "aws/credential_endpoint.h"
#include "aws/credentials/json_credentials.h"
#include "aws/endpoint_retries.h"
#include "base/ascii.h"
#include "http_client/url.h"

namespace sma {
namespace {

constexpr std::string_view kRelativeUri = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
constexpr std::string_view kFullUri = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
constexpr Seconds kConnectTime{2};
constexpr Seconds kAttemptTime{5};
constexpr EndpointRetries::Limits kRetries{.attempts = 3, .pause = Milliseconds{100}};

/// True if plain http to that host never leaves the machine: itself, ECS, EKS over IPv4 and IPv6.
bool is_trusted_for_http(const Url& url) {
  static const std::array<std::string, 3> kAgents{"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};
  if (!url.zone.empty()) return false;
  if (equals_ignoring_case(url.host, "localhost") || is_loopback_address(url.host)) return true;
  return std::ranges::any_of(kAgents, [&](const std::string& agent) { return is_same_address(url.host, agent); });
}

/// What the endpoint says is wrong, if it says so.
std::string reason_in(WipedBytes body) {
  const auto answer = JsonDocument::parse(std::move(body));
  if (!answer) return {};
  std::string reason;
  for (const std::string_view name : {"code", "message"}) {
    if (const auto text = member_in_any_case(answer->root(), name)) reason += ": " + std::string(error_text(*text));
  }
  return reason;
}

Fault refused(ClientResponse response) {
  return endpoint_refusal(response.status, "the endpoint answered " + std::to_string(response.status) +
                                               reason_in(std::move(response.body)));
}

}  // namespace

Task<Result<Credentials>> ContainerSource::load(TimePoint deadline) {
  auto found = url();
  if (!found.ok()) co_return std::move(found.fault());
  EndpointRetries retries(context_, kRetries, deadline);
  for (;;) {
    auto trying = attempt(*found, deadline);
    auto credentials = co_await std::move(trying);
    if (credentials.ok() || !credentials.fault().is_transient()) co_return credentials;
    auto waiting = retries.wait();
    const bool again = co_await std::move(waiting);
    if (!again) co_return credentials;
  }
}

Task<Result<Credentials>> ContainerSource::attempt(std::string url, TimePoint deadline) {
  auto reading = authorization();
  auto token = co_await std::move(reading);
  if (!token.ok()) co_return std::move(token.fault());
  ClientRequest request;
  request.url = std::move(url);
  request.fields.push_back({"Accept", WipedBytes("application/json")});
  if (*token) request.fields.push_back({"Authorization", std::move(**token)});
  request.limits = PhaseLimits::near(kConnectTime, kAttemptTime);
  request.attempt_time = kAttemptTime;
  request.deadline = deadline;
  request.queued = false;
  auto sending = surroundings_.http.send(std::move(request));
  auto response = co_await std::move(sending);
  if (!response.ok()) co_return std::move(response.fault());
  if (response->status != 200) co_return refused(std::move(*response));
  co_return response->read_body([this](WipedBytes body) -> Result<Credentials> {
    const auto answer = JsonDocument::parse(std::move(body));
    if (!answer || !answer->root().is_object()) return Fault::connection("the endpoint's answer is no JSON object");
    auto credentials = read_credentials(answer->root(), {}, name());
    if (!credentials.ok()) credentials.fault().set_kind(Fault::Kind::transient);
    return credentials;
  });
}

Result<std::string> ContainerSource::url() const {
  if (const auto relative = surroundings_.environment.get(kRelativeUri)) {
    if (!relative->starts_with('/')) return Fault::internal(std::string(kRelativeUri) + " does not begin with /");
    return "http://169.254.170.2" + std::string(*relative);
  }
  const auto full = surroundings_.environment.get(kFullUri);
  if (!full) return Fault::absent(std::string(kRelativeUri) + " and " + std::string(kFullUri) + " are not set");
  const auto url = parse_url(std::string(*full));
  if (!url) return Fault::internal(std::string(kFullUri) + " is no URL");
  if (url->scheme != "https" && !(url->scheme == "http" && is_trusted_for_http(*url)))
    return Fault::internal(std::string(kFullUri) +
                           " must be https, or http to this machine or to the agents of ECS and EKS");
  return std::string(*full);
}

Task<Result<std::optional<WipedBytes>>> ContainerSource::authorization() const {
  WipedBytes token;
  if (const auto file = surroundings_.environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
    auto reading = surroundings_.files.ask_trusted(std::string(*file));
    auto text = co_await std::move(reading);
    if (!text.ok()) co_return std::move(text.fault());
    token = std::move(*text);
    if (token.empty()) co_return Fault::internal("the token file " + std::string(*file) + " is empty");
  } else if (const auto value = surroundings_.environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")) {
    token.append(*value);
  } else {
    co_return std::optional<WipedBytes>();
  }
  if (token.view().find_first_of("\r\n") != std::string_view::npos)
    co_return Fault::internal("the authorization token for the endpoint holds a line break");
  co_return std::optional<WipedBytes>(std::move(token));
}

}  // namespace sma
