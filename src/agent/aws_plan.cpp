#include "agent/aws_plan.h"

#include <utility>

#include "agent/configuration/network_settings.h"
#include "aws/partitions.h"
#include "aws/profile_files.h"

namespace sma {

Result<AwsPlan> plan_aws(const Settings& settings, const Environment& environment, const Files& files, Log& log) {
  // A profile that cannot be read is a fault only for a source that needs it: the environment may hold all settings.
  // The text of the files, which holds keys, lives only as long as this call.
  Result<ProfileFiles> read = read_profile_files(environment, files);
  if (!read.ok()) log.warn("the shared AWS files cannot be read", {{"reason", read.fault().message}});
  const ProfileFiles profile = read.ok() ? std::move(*read) : ProfileFiles{};

  const RetrySettings retries = read_retry_settings(environment, profile);
  if (!retries.warning.empty()) log.warn(retries.warning);
  auto network = network_settings(environment, files, std::string(profile.get("ca_bundle").value_or("")));
  if (!network.ok()) return network.fault();
  if (network->ca_bundle.empty() && network->ca_file.empty() && network->ca_folder.empty())
    log.warn("no certificate authorities were found: nothing can be reached by https; set AWS_CA_BUNDLE");
  for (const std::string& place : network->broken_authorities)
    log.warn("a certificate authority is ignored",
             {{"path", network->ca_bundle.empty() ? network->ca_file : network->ca_bundle}, {"reason", place}});
  for (const std::size_t entry : network->no_proxy.not_understood())
    log.warn("an entry of no_proxy is not understood and is ignored", {{"entry", entry}});
  auto endpoints = read_endpoint_settings(environment, profile);
  if (!endpoints.ok()) return endpoints.fault();
  for (const std::string& warning : endpoints->warnings) log.warn(warning);
  network->post_quantum = settings.post_quantum;
  network->fips_endpoints = endpoints->use_fips;
  return AwsPlan{std::move(*network), retries.policy, std::move(*endpoints),
                 configured_region(settings.region, environment, profile)};
}

Task<Result<std::string>> find_region(Result<std::string> planned, InstanceMetadata& metadata, TimePoint deadline) {
  if (planned.ok() || !planned.fault().is_absent()) co_return planned;
  Task<Result<std::string>> asking = metadata.region(deadline);
  Result<std::string> region = co_await std::move(asking);
  if (!region.ok())
    co_return Fault::internal("no region: set region in the configuration, AWS_REGION, or region in the profile (" +
                              region.fault().message + ")");
  co_return region;
}

Result<AwsEndpoints> find_endpoints(const EndpointSettings& settings, const std::string& region, Log& log) {
  auto sts = resolve_endpoint(AwsService::sts, settings.parameters(AwsService::sts, region));
  if (!sts.ok()) return sts.fault();
  auto secrets_manager =
      resolve_endpoint(AwsService::secrets_manager, settings.parameters(AwsService::secrets_manager, region));
  if (!secrets_manager.ok()) return secrets_manager.fault();
  if (!secrets_manager->overridden && !is_known_region(region))
    log.warn("no partition of AWS has regions of this form: is it misspelt?", {{"region", region}});
  return AwsEndpoints{std::move(*sts), std::move(*secrets_manager)};
}

}  // namespace sma
