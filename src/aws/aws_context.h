#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "aws/aws_clock.h"
#include "base/environment.h"
#include "base/files.h"
#include "base/log.h"
#include "base/random.h"
#include "base/scheduler.h"
#include "http_client/http_client.h"

namespace sma {

/// How many loads of credentials ended how, by the name of their source (CredentialsSource::name), since the start.
struct CredentialLoads {
  struct Counts {
    std::uint64_t ok = 0;
    std::uint64_t error = 0;
  };
  std::map<std::string, Counts, std::less<>> by_source{};
};

/// What nearly everything in this room works with. All of it must outlive the objects that hold a copy.
struct AwsContext {
  Scheduler& scheduler;
  AwsClock& clock;
  Random& random;
  Log& log;
  CredentialLoads* loads = nullptr;  ///< null: nobody counts
};

/// What credentials are looked for in. All of it must outlive the objects that hold a copy.
struct Surroundings {
  const Environment& environment;
  const Files& files;
  HttpTransport& http;
};

}  // namespace sma
