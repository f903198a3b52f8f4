#pragma once

#include "base/environment.h"
#include "base/files.h"
#include "base/log.h"
#include "os/blocking_calls.h"
#include "os/child_process.h"
#include "os/event_loop.h"
#include "os/service_manager.h"

namespace sma {

/// What an agent uses; all must outlive it.
struct AgentParts {
  EventLoop& loop;
  const Environment& environment;
  Files& files;
  ProcessRunner& processes;
  const ServiceManager& service_manager;
  BlockingCalls& blocking_calls;
  Log& log;
  Log* errors = nullptr;  ///< what an operator sees beside the log; null: nothing
};

}  // namespace sma
