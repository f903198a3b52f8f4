#include "agent/lambda/lambda_agent.h"

#include <optional>

namespace sma {
namespace {

/// Where nothing happened for that long, the process may have been frozen.
constexpr Seconds kFreeze{1};
/// All that Lambda gives to those who stop; its event says how much of it is left.
constexpr Seconds kShutdownTime{2};

/// Leaves a part of the time to the process's own end.
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
      stop_(loop),
      ended_(loop),
      tasks_(loop) {}

LambdaAgent::~LambdaAgent() { tasks_.cancel_all(); }

Task<int> LambdaAgent::run(Event& stop) {
  tasks_.start(pass_on(stop));
  tasks_.start(live());
  co_await ended_.wait();
  co_return problem_.empty() ? 0 : 1;
}

Task<void> LambdaAgent::pass_on(Event& stop) {
  co_await stop.wait();
  stop_.set();
  if (agent_ == nullptr) ended_.set();
}

Task<void> LambdaAgent::live() {
  Task<Result<Done>> starting = start();
  const Result<Done> started = co_await std::move(starting);
  if (!started.ok()) {
    Task<void> failing = fail("Extension.StartFailed", started.fault());
    co_await std::move(failing);
  }
  if (!started.ok() || agent_ == nullptr) {
    ended_.set();
    co_return;
  }
  Task<Result<Done>> following = follow_events();
  const Result<Done> followed = co_await std::move(following);
  if (!followed.ok()) {
    Task<void> failing = fail("Extension.NextFailed", followed.fault());
    co_await std::move(failing);
  }
  stop_.set();
}

/// Leaves `agent_` null where Lambda shuts down before there was an invocation.
Task<Result<Done>> LambdaAgent::start() {
  std::optional<Result<Agent*>> made;
  // As soon as all extensions are registered Lambda starts the function, whose first request must find the port open.
  if (!snap_start_) made = maker_.make_agent();
  Task<Result<Done>> enrolling = extension_.enroll();
  const Result<Done> enrolled = co_await std::move(enrolling);
  if (!enrolled.ok()) co_return Fault::internal("cannot register as a Lambda extension: " + enrolled.fault().message);
  log_.info("registered as a Lambda extension");
  if (snap_start_) {
    Task<Result<LambdaEvent>> waiting = extension_.next();
    const Result<LambdaEvent> event = co_await std::move(waiting);
    if (!event.ok()) co_return event.fault();
    if (event->kind == LambdaEvent::Kind::shutdown) co_return Done{};
    made = maker_.make_agent();
  }
  if (!made->ok()) co_return made->fault();

  agent_ = **made;
  tasks_.start(run_agent());
  co_await agent_->settled().wait();
  if (!agent_->problem().empty()) co_return Fault::internal(agent_->problem());
  co_return Done{};
}

Task<void> LambdaAgent::run_agent() {
  Task<int> running = agent_->run(stop_);
  co_await std::move(running);
  // Otherwise Lambda is still to be told.
  if (agent_->problem().empty()) ended_.set();
}

Task<Result<Done>> LambdaAgent::follow_events() {
  for (;;) {
    Task<Result<LambdaEvent>> waiting = extension_.next();
    const Result<LambdaEvent> event = co_await std::move(waiting);
    if (!event.ok()) co_return event.fault();
    log_.debug(event->kind == LambdaEvent::Kind::invoke ? "an invocation" : "Lambda shuts down");
    if (event->kind == LambdaEvent::Kind::shutdown) {
      agent_->limit_stop(stop_time(*event, loop_.wall_now()));
      co_return Done{};
    }
    if (event->waited > kFreeze) agent_->thaw();
  }
}

Task<void> LambdaAgent::fail(std::string error_type, Fault fault) {
  problem_ = std::move(fault.message);
  // What keeps an agent from starting it has logged itself.
  if (agent_ == nullptr || agent_->problem().empty()) log_.error(problem_);
  Task<void> reporting = extension_.report(std::move(error_type), problem_);
  co_await std::move(reporting);
}

}  // namespace sma
