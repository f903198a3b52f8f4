#include "agent/lambda/lambda_agent.h"

#include <optional>
#include <utility>

namespace sma {
namespace {

/// If nothing happened for that long, the process may have been frozen.
constexpr Seconds kFreeze{1};
/// The time that Lambda leaves for stopping; its event says how much of it is left.
constexpr Seconds kShutdownTime{2};

/// A part of the time is kept for the end of the process itself.
Nanoseconds stop_time(const LambdaEvent& event, WallTime now) {
  const Nanoseconds left = event.deadline.value_or(now) - now;
  const bool plausible = left > Nanoseconds(0) && left < kShutdownTime;
  return (plausible ? left : Nanoseconds(kShutdownTime)) * 3 / 4;
}

}  // namespace

LambdaAgent::LambdaAgent(EventLoop& loop, LambdaExtension& extension, AgentMaker& maker, Log& log, bool snap_start)
    : loop_(loop),
      extension_(extension),
      maker_(maker),
      log_(log),
      snap_start_(snap_start),
      ended_(loop),
      tasks_(loop) {}

LambdaAgent::~LambdaAgent() { tasks_.cancel_all(); }

Task<Result<Done>> LambdaAgent::run(Event& stop) {
  tasks_.start(live());
  co_await FirstOf(ended_, stop);
  if (agent_ != nullptr) {
    Task<void> stopping = agent_->shut_down(stop_time_);
    co_await std::move(stopping);
  }
  if (fault_) co_return *fault_;
  co_return Done{};
}

Task<void> LambdaAgent::live() {
  Task<Result<Done>> starting = start();
  const Result<Done> started = co_await std::move(starting);
  if (!started.ok()) {
    agent_ = nullptr;
    Task<void> reporting = report("Extension.StartFailed", started.fault());
    co_await std::move(reporting);
  } else if (agent_ != nullptr) {
    Task<Result<Done>> following = follow_events();
    const Result<Done> followed = co_await std::move(following);
    if (!followed.ok()) {
      Task<void> reporting = report("Extension.NextFailed", logged(followed.fault()));
      co_await std::move(reporting);
    }
  }
  ended_.set();
}

/// Leaves `agent_` null if Lambda shuts down before there was an invocation.
Task<Result<Done>> LambdaAgent::start() {
  std::optional<Result<Agent*>> made;
  // When all extensions are registered, Lambda starts the function, whose first request must find the port open.
  if (!snap_start_) made = maker_.make_agent();
  Task<Result<Done>> enrolling = extension_.enroll();
  const Result<Done> enrolled = co_await std::move(enrolling);
  if (!enrolled.ok())
    co_return logged(Fault::internal("cannot register as a Lambda extension: " + enrolled.fault().message));
  log_.info("registered as a Lambda extension");
  if (snap_start_) {
    Task<Result<LambdaEvent>> waiting = extension_.next();
    const Result<LambdaEvent> event = co_await std::move(waiting);
    if (!event.ok()) co_return logged(event.fault());
    if (event->kind == LambdaEvent::Kind::shutdown) co_return Done{};
    made = maker_.make_agent();
  }
  if (!made->ok()) co_return logged(made->fault());

  agent_ = **made;
  Task<Result<Done>> starting = agent_->start();
  co_return co_await std::move(starting);
}

Task<Result<Done>> LambdaAgent::follow_events() {
  for (;;) {
    Task<Result<LambdaEvent>> waiting = extension_.next();
    const Result<LambdaEvent> event = co_await std::move(waiting);
    if (!event.ok()) co_return event.fault();
    log_.debug(event->kind == LambdaEvent::Kind::invoke ? "an invocation" : "Lambda shuts down");
    if (event->kind == LambdaEvent::Kind::shutdown) {
      stop_time_ = stop_time(*event, loop_.wall_now());
      co_return Done{};
    }
    if (event->waited > kFreeze) agent_->drop_idle_connections();
  }
}

Task<void> LambdaAgent::report(std::string error_type, Fault fault) {
  fault_ = fault;
  Task<void> reporting = extension_.report(std::move(error_type), std::move(fault.message));
  co_await std::move(reporting);
}

Fault LambdaAgent::logged(Fault fault) {
  log_.error(fault.message);
  return fault;
}

}  // namespace sma
