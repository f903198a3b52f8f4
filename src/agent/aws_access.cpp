#include "agent/aws_access.h"

#include <utility>

#include "aws/credentials/credentials_file_source.h"
#include "aws/credentials/default_chain.h"

namespace sma {
namespace {

/// A credentials file is read again each time that may help.
CachedCredentials::Patience patience_with(const Settings& settings) {
  if (settings.credentials_file_path.empty()) return {};
  return {.after_first_fault = Nanoseconds{0}, .after_refusal = false};
}

std::unique_ptr<CredentialsSource> make_source(const AgentParts& parts, AwsCalls& calls, const Settings& settings,
                                               Sts& sts) {
  if (!settings.credentials_file_path.empty())
    return std::make_unique<CredentialsFileSource>(settings.credentials_file_path, parts.environment, parts.files,
                                                   parts.log);
  return std::make_unique<DefaultChain>(Surroundings{parts.environment, parts.files, calls.http}, sts, parts.processes,
                                        calls.metadata, calls.context);
}

/// `held`: null if there are no credentials that could have been checked.
std::string why_not_valid(const Fault& fault, const SharedCredentials& held) {
  if (held == nullptr) return why_no_credentials(fault);
  const bool refused = fault.came_from_aws() && !fault.is_transient();
  return "sts:GetCallerIdentity " + std::string(refused ? "refused" : "could not check") +
         " the credentials (from: " + held->source + "): " + fault.code + ": " + fault.message;
}

}  // namespace

std::string why_no_credentials(const Fault& fault) {
  return fault.is_absent() ? fault.message : "no credentials: " + fault.message;
}

AwsAccess::AwsAccess(const AgentParts& parts, AwsCalls& calls, const Settings& settings, bool as_version_3,
                     AwsEndpoints endpoints)
    : sts_url(endpoints.sts.url),
      secrets_manager_url(endpoints.secrets_manager.url),
      sts(calls.api, std::move(endpoints.sts)),
      source(make_source(parts, calls, settings, sts)),
      credentials(*source, calls.context, patience_with(settings)),
      roles(sts, credentials, calls.context,
            {.session_name = as_version_3 ? "secrets-manager-provider" : "secrets-manager-agent",
             .max_roles = settings.max_roles}),
      secrets_manager(parts.loop, calls.api, std::move(endpoints.secrets_manager), credentials, roles) {}

Task<Result<CallerIdentity>> AwsAccess::identity(TimePoint deadline) {
  Task<Result<CallerIdentity>> asking = sts.get_caller_identity(credentials, deadline);
  Result<CallerIdentity> found = co_await std::move(asking);
  if (!found.ok()) found.fault().message = why_not_valid(found.fault(), credentials.held());
  co_return found;
}

}  // namespace sma
