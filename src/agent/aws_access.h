#pragma once

#include <memory>
#include <string>

#include "agent/agent_parts.h"
#include "agent/aws_plan.h"
#include "agent/configuration/settings.h"
#include "aws/api_client.h"
#include "aws/credentials/cached_credentials.h"
#include "aws/instance_metadata.h"
#include "aws/role_credentials.h"
#include "aws/secrets_manager.h"
#include "aws/sts_client.h"
#include "base/random.h"

namespace sma {

/// Why there are no credentials, for a person.
[[nodiscard]] std::string why_no_credentials(const Fault& fault);

/// What calls AWS and the machine's metadata. Needs no region.
struct AwsCalls {
  AwsCalls(const AgentParts& parts, HttpClientSettings network, RetryPolicy retries)
      : clock(parts.loop),
        names(parts.loop, parts.blocking_calls),
        http(parts.loop, names, parts.files, parts.log, std::move(network)),
        context{parts.loop, clock, random, parts.log, &loads},
        metadata({parts.environment, parts.files, http}, context),
        api(http, context, retries) {}

  SystemRandom random;
  AwsClock clock;
  CredentialLoads loads;
  NameLookup names;
  HttpClient http;
  AwsContext context;
  InstanceMetadata metadata;
  ApiClient api;
};

/// The agent's identity, its roles, and the secrets that they may read.
struct AwsAccess {
  /// All must outlive this object.
  AwsAccess(const AgentParts& parts, AwsCalls& calls, const Settings& settings, bool as_version_3,
            AwsEndpoints endpoints);

  /// As STS says. A fault's message tells a person why there is none, and where the credentials came from.
  Task<Result<CallerIdentity>> identity(TimePoint deadline);

  std::string sts_url;
  std::string secrets_manager_url;
  StsClient sts;
  std::unique_ptr<CredentialsSource> source;
  CachedCredentials credentials;
  RoleCredentials roles;
  SecretsManager secrets_manager;
};

}  // namespace sma
