#include "aws/endpoint.h"

#include <algorithm>
#include <charconv>

#include "aws/partitions.h"
#include "aws/sigv4.h"

namespace sma {
namespace {

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Secrets Manager's dual-stack names stand under the plain suffix in the partitions it was first in.
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

/// A name, an IPv4 address, or an IPv6 address (without its brackets).
bool is_host(std::string_view host, bool bracketed) {
  if (host.empty()) return false;
  if (bracketed)
    return std::ranges::all_of(host, [](char c) { return is_alphanumeric(c) || c == ':' || c == '.'; }) &&
           host.find(':') != std::string_view::npos;
  return std::ranges::all_of(host, [](char c) { return is_alphanumeric(c) || c == '-' || c == '.' || c == '_'; });
}

bool is_path(std::string_view path) {
  return std::ranges::all_of(path, [](char c) { return c > ' ' && c < '\x7F' && c != '?' && c != '#' && c != '\\'; });
}

/// `host`, `host:port`, `[v6]`, `[v6]:port` into `endpoint`; false where it is none of them.
bool read_authority(std::string_view authority, Endpoint& endpoint) {
  const bool bracketed = authority.starts_with('[');
  const std::size_t end = bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (end == std::string_view::npos) return false;
  endpoint.host = authority.substr(bracketed ? 1 : 0, bracketed ? end - 1 : end);
  std::string_view rest = authority.substr(bracketed ? end + 1 : end);
  endpoint.port = endpoint.scheme == "https" ? 443 : 80;
  if (!is_host(endpoint.host, bracketed)) return false;
  if (rest.empty() || rest == ":") return true;
  if (!rest.starts_with(':')) return false;
  rest.remove_prefix(1);
  const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), endpoint.port);
  return error == std::errc() && stop == rest.data() + rest.size() && endpoint.port > 0 && endpoint.port <= 65535;
}

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
  if (endpoint.ok()) endpoint->signing_region = std::move(signing_region);
  return endpoint;
}

Result<Endpoint> parse_endpoint_url(std::string_view url) {
  // The URL is not quoted: people put passwords into them.
  const auto refused = [] { return Fault::internal("not a URL of the form http(s)://host[:port][/path]"); };
  Endpoint endpoint;
  const std::size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return refused();
  for (const char c : url.substr(0, scheme_end))
    endpoint.scheme.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  if (endpoint.scheme != "http" && endpoint.scheme != "https") return refused();
  const std::string_view rest = url.substr(scheme_end + 3);
  const std::size_t path_begin = std::min(rest.find('/'), rest.size());
  if (!read_authority(rest.substr(0, path_begin), endpoint)) return refused();
  endpoint.path = rest.substr(path_begin);
  if (!is_path(endpoint.path)) return refused();
  endpoint.host_field = sigv4::host_field(endpoint.scheme, endpoint.host, endpoint.port);
  endpoint.url = endpoint.scheme + "://" + endpoint.host_field + endpoint.path;
  return endpoint;
}

bool is_valid_region(std::string_view region) {
  return !region.empty() && region.size() <= 63 && region.front() != '-' && region.back() != '-' &&
         std::ranges::all_of(region, [](char c) { return is_alphanumeric(c) || c == '-'; });
}

}  // namespace sma
