#include "aws/instance_metadata.h"

#include <algorithm>

#include "aws/credential_endpoint.h"
#include "aws/endpoint.h"
#include "aws/endpoint_retries.h"
#include "aws/profile_files.h"
#include "base/ascii.h"
#include "http_client/url.h"

namespace sma {
namespace {

constexpr Seconds kTime{1};
constexpr Seconds kTokenLife{21600};
constexpr Seconds kTokenMargin{120};
constexpr EndpointRetries::Limits kRetries{.attempts = 4, .pause = Milliseconds{50}};
constexpr std::string_view kHopLimit =
    " (in a container the instance's metadata hop limit must be 2 or more: aws ec2 modify-instance-metadata-options "
    "--http-put-response-hop-limit 2)";

bool is_worth_another_try(int status) { return status == 401 || status >= 500; }

Fault refused(int status) { return endpoint_refusal(status, "instance metadata answered " + std::to_string(status)); }

}  // namespace

Task<Result<std::optional<ClientResponse>>> InstanceMetadata::get(std::string path, TimePoint deadline) {
  if (equals_ignoring_case(surroundings_.environment.get_or("AWS_EC2_METADATA_DISABLED", {}), "true"))
    co_return Fault::absent("AWS_EC2_METADATA_DISABLED is true");
  auto finding = endpoint();
  auto found = co_await std::move(finding);
  if (!found.ok()) co_return std::move(found.fault());
  EndpointRetries retries(context_, kRetries, deadline);
  for (;;) {
    auto trying = attempt(*found, path, deadline);
    auto response = co_await std::move(trying);
    if (!response.ok()) co_return std::move(response.fault());
    if (response->status == 200) co_return std::optional<ClientResponse>(std::move(*response));
    if (response->status == 404) co_return std::optional<ClientResponse>();
    if (response->status == 401) token_.clear();
    if (!is_worth_another_try(response->status)) co_return refused(response->status);
    auto waiting = retries.wait();
    const bool again = co_await std::move(waiting);
    if (!again) co_return refused(response->status);
  }
}

Task<Result<std::string>> InstanceMetadata::region(TimePoint deadline) {
  auto asking = get("placement/region", deadline);
  auto answer = co_await std::move(asking);
  if (!answer.ok()) co_return std::move(answer.fault());
  if (!*answer) co_return Fault::absent("instance metadata names no region");
  std::string region(trimmed((*answer)->body.view()));
  if (!is_valid_region(region)) {
    (*answer)->close_connection();
    co_return Fault::internal("what instance metadata calls the region is none");
  }
  co_return region;
}

/// One question, and before it the one for a token if there is none; returns the answer to that if it is not 200.
Task<Result<ClientResponse>> InstanceMetadata::attempt(Endpoint endpoint, std::string path, TimePoint deadline) {
  if (!has_token()) {
    auto asking = ask_for_token(endpoint, deadline);
    auto answer = co_await std::move(asking);
    if (!answer.ok() || answer->status != 200) {
      // That there is no such thing as a token does not mean that there is no such entry.
      if (answer.ok() && answer->status == 404)
        co_return Fault::connection("instance metadata gives no tokens: version 2 is needed");
      co_return answer;
    }
    token_ = std::move(answer->body);
    token_end_ = context_.scheduler.now() + kTokenLife - kTokenMargin;
  }
  ClientRequest request;
  request.url = endpoint.url + "/latest/meta-data/" + path;
  request.fields.push_back({"X-aws-ec2-metadata-token", token_.copy()});
  auto sending = send(std::move(request), deadline);
  auto response = co_await std::move(sending);
  co_return response;
}

Task<Result<ClientResponse>> InstanceMetadata::ask_for_token(Endpoint endpoint, TimePoint deadline) {
  ClientRequest request;
  request.method = "PUT";
  request.url = endpoint.url + "/latest/api/token";
  request.fields.push_back({"X-aws-ec2-metadata-token-ttl-seconds", WipedBytes(std::to_string(kTokenLife.count()))});
  auto sending = send(std::move(request), deadline);
  auto response = co_await std::move(sending);
  if (response.ok()) co_return response;
  Fault& fault = response.fault();
  if (fault.connected && fault.is_timeout()) fault.message += kHopLimit;
  if (!fault.connected && !endpoint.configured) {
    fault.set_kind(Fault::Kind::absent);
    fault.message = "no instance metadata: " + fault.message;
  }
  co_return response;
}

Task<Result<ClientResponse>> InstanceMetadata::send(ClientRequest request, TimePoint deadline) {
  request.limits = PhaseLimits::near(kTime, kTime);
  request.attempt_time = kTime;
  request.deadline = deadline;
  request.queued = false;
  auto sending = surroundings_.http.send(std::move(request));
  auto response = co_await std::move(sending);
  co_return response;
}

Task<Result<InstanceMetadata::Endpoint>> InstanceMetadata::endpoint() const {
  auto url = surroundings_.environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  auto mode = surroundings_.environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
  std::optional<ProfileFiles> files;
  if (!url) {
    auto reading = ask_profile_files(&surroundings_.environment, &surroundings_.files);
    auto read = co_await std::move(reading);
    if (!read.ok()) co_return std::move(read.fault());
    files = std::move(*read);
    url = files->get("ec2_metadata_service_endpoint");
    if (!mode) mode = files->get("ec2_metadata_service_endpoint_mode");
  }
  if (url) {
    std::string text(*url);
    const auto parsed = parse_url(text);
    if (!parsed || (parsed->scheme != "http" && parsed->scheme != "https"))
      co_return Fault::internal("the endpoint of instance metadata is no http URL");
    while (text.ends_with('/')) text.pop_back();
    co_return Endpoint{std::move(text), true};
  }
  if (!mode) co_return Endpoint{"http://169.254.169.254"};
  if (equals_ignoring_case(*mode, "IPv4")) co_return Endpoint{"http://169.254.169.254"};
  if (equals_ignoring_case(*mode, "IPv6")) co_return Endpoint{"http://[fd00:ec2::254]", true};
  co_return Fault::internal("the endpoint mode of instance metadata is neither IPv4 nor IPv6");
}

}  // namespace sma
