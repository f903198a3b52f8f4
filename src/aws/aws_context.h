#pragma once

#include "aws/aws_clock.h"
#include "base/environment.h"
#include "base/files.h"
#include "base/log.h"
#include "base/random.h"
#include "base/scheduler.h"
#include "http_client/http_client.h"

namespace sma {

/// What nearly everything in this room works with. All of it must outlive the objects that hold a copy.
struct AwsContext {
  Scheduler& scheduler;
  AwsClock& clock;
  Random& random;
  Log& log;
};

/// What credentials are looked for in. All of it must outlive the objects that hold a copy.
struct Surroundings {
  const Environment& environment;
  const Files& files;
  HttpTransport& http;
};

}  // namespace sma
