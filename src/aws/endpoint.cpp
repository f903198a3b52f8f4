#include "aws/endpoint.h"

#include <algorithm>

#include "aws/partitions.h"
#include "base/ascii.h"
#include "http_client/url.h"

namespace sma {
namespace {

/// Secrets Manager's dual-stack names have the plain suffix in the partitions that had it first.
bool has_dual_stack_suffix(AwsService service, Partition::Id partition, bool use_fips) {
  if (service == AwsService::sts) return true;
  if (partition == Partition::Id::aws_cn) return use_fips;
  return partition != Partition::Id::aws && partition != Partition::Id::aws_us_gov;
}

std::string regional_host(AwsService service, const EndpointParameters& parameters) {
  const Partition& partition = partition_of(parameters.region);
  std::string host(signing_name(service));
  const bool plain_fips_name = service == AwsService::sts && partition.id == Partition::Id::aws_us_gov;
  if (parameters.use_fips && (parameters.use_dualstack || !plain_fips_name)) host.append("-fips");
  host.append(".").append(parameters.region).append(".");
  const bool dual = parameters.use_dualstack && has_dual_stack_suffix(service, partition.id, parameters.use_fips);
  return host.append(dual ? partition.dual_stack_dns_suffix : partition.dns_suffix);
}

bool is_host_byte(char c) { return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == ':'; }
bool is_visible(char c) { return c > ' ' && c < '\x7F'; }

}  // namespace

std::string_view signing_name(AwsService service) {
  return service == AwsService::secrets_manager ? "secretsmanager" : "sts";
}

Result<Endpoint> resolve_endpoint(AwsService service, const EndpointParameters& parameters) {
  std::string url = parameters.override_url;
  std::string signing_region = parameters.region;
  if (url.empty()) {
    if (parameters.region.empty()) return Fault::internal("Invalid Configuration: Missing Region");
    if (service == AwsService::sts && parameters.region == "aws-global" && !parameters.use_fips &&
        !parameters.use_dualstack) {
      url = "https://sts.amazonaws.com";
      signing_region = "us-east-1";
    } else {
      url = "https://" + regional_host(service, parameters);
    }
  }
  auto endpoint = parse_endpoint_url(url);
  if (!endpoint.ok()) return endpoint;
  endpoint->signing_region = std::move(signing_region);
  endpoint->overridden = !parameters.override_url.empty();
  return endpoint;
}

Result<Endpoint> parse_endpoint_url(const std::string& url) {
  auto parsed = parse_url(url);
  // curl also takes one slash or three before the host, bytes of any alphabet in it, and port 0.
  const bool has_form = parsed && (parsed->scheme == "http" || parsed->scheme == "https") &&
                        url.compare(parsed->scheme.size(), 3, "://") == 0 && url[parsed->scheme.size() + 3] != '/' &&
                        std::ranges::all_of(parsed->host, is_host_byte) && parsed->zone.empty() && parsed->port > 0 &&
                        std::ranges::all_of(parsed->path, is_visible) && !parsed->has_more;
  // The URL is not quoted: people put passwords into them.
  if (!has_form) return Fault::internal("not a URL of the form http(s)://host[:port][/path]");
  Endpoint endpoint;
  endpoint.host_field = parsed->authority();
  endpoint.scheme = std::move(parsed->scheme);
  endpoint.host = std::move(parsed->host);
  endpoint.port = parsed->port;
  if (parsed->path != "/") endpoint.path = std::move(parsed->path);
  endpoint.url = endpoint.scheme + "://" + endpoint.host_field + endpoint.path;
  return endpoint;
}

bool is_valid_region(std::string_view region) {
  return !region.empty() && region.size() <= 63 && region.front() != '-' && region.back() != '-' &&
         std::ranges::all_of(region, [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

}  // namespace sma
