#pragma once

#include <string>

#include "agent/configuration/settings.h"
#include "aws/endpoint.h"
#include "aws/endpoint_settings.h"
#include "aws/instance_metadata.h"
#include "aws/retry_policy.h"
#include "base/environment.h"
#include "base/files.h"
#include "base/log.h"
#include "base/result.h"
#include "base/task.h"
#include "http_client/http_client.h"

namespace sma {

/// How AWS is to be reached, as environment, shared files and configuration say.
struct AwsPlan {
  HttpClientSettings network;
  RetryPolicy retries;
  EndpointSettings endpoints;
  Result<std::string> region;  ///< a fault of kind `absent`: instance metadata is to be asked
};

/// Asks nobody: the start and `--check-config` find the same. A fault ends the start; what works with a limitation is a
/// warning in the log.
[[nodiscard]] Result<AwsPlan> plan_aws(const Settings& settings, const Environment& environment, const Files& files,
                                       Log& log);

/// `planned`, else the region that instance metadata names.
[[nodiscard]] Task<Result<std::string>> find_region(Result<std::string> planned, InstanceMetadata& metadata,
                                                    TimePoint deadline);

struct AwsEndpoints {
  Endpoint sts;
  Endpoint secrets_manager;
};

/// Warns of a region that no partition has.
[[nodiscard]] Result<AwsEndpoints> find_endpoints(const EndpointSettings& settings, const std::string& region,
                                                  Log& log);

}  // namespace sma
