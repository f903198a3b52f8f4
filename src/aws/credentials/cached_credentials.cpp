#include "aws/credentials/cached_credentials.h"

#include <algorithm>

#include "base/event.h"
#include "base/wall_time.h"

namespace sma {
namespace {

constexpr Seconds kRenewAhead{300};
constexpr Seconds kWait{60};
constexpr Seconds kMostJitter{15};
constexpr Seconds kLoadTime{60};
constexpr Seconds kRefusalTolerated{3600};

}  // namespace

struct CachedCredentials::Load {
  explicit Load(Scheduler& scheduler) : done(scheduler) {}
  Event done;
  SharedCredentials loaded;
  std::optional<Fault> fault;
};

CachedCredentials::CachedCredentials(CredentialsSource& source, const AwsContext& context, Patience patience)
    : source_(source), context_(context), patience_(patience), timer_(*this), tasks_(context.scheduler) {}

bool CachedCredentials::usable() const {
  if (held_ == nullptr) return false;
  if (!held_->expiration || context_.clock.now() < *held_->expiration) return true;
  return came_expired_ && context_.scheduler.now() < ask_at_;
}

Task<Result<SharedCredentials>> CachedCredentials::get(TimePoint deadline) {
  if (usable()) {
    // The timer is late if the process was frozen.
    if (context_.scheduler.now() >= ask_at_) begin_load();
    co_return held_;
  }
  if (load_ == nullptr && must_wait()) co_return fault_now();
  auto waiting = wait_for(begin_load(), deadline);
  auto loaded = co_await std::move(waiting);
  co_return loaded;
}

Task<Result<SharedCredentials>> CachedCredentials::renew(SharedCredentials refused, TimePoint deadline) {
  if (usable() && !held_->same_keys(*refused)) co_return held_;
  if (!refused_at_) refused_at_ = context_.scheduler.now();
  if (load_ == nullptr && context_.scheduler.now() < refused_until_) {
    if (last_fault_) co_return fault_now();
    co_return refused_again(*refused);
  }
  const std::shared_ptr<Load> load = begin_load();
  auto waiting = wait_for(load, deadline);
  auto loaded = co_await std::move(waiting);
  if (!load->done.is_set()) co_return loaded;
  if (loaded.ok() && !(*loaded)->same_keys(*refused)) co_return loaded;
  if (patience_.after_refusal) refused_until_ = std::max(refused_until_, context_.scheduler.now() + wait_a_while());
  if (!loaded.ok()) co_return loaded;
  co_return refused_again(*refused);
}

void CachedCredentials::ask_again() {
  refused_until_ = TimePoint{};
  if (load_ != nullptr) {
    load_again_ = true;
  } else {
    begin_load();
  }
}

std::shared_ptr<CachedCredentials::Load> CachedCredentials::begin_load() {
  if (load_ == nullptr) {
    timer_.disarm();
    load_ = std::make_shared<Load>(context_.scheduler);
    tasks_.start(run_load(load_));
  }
  return load_;
}

Task<void> CachedCredentials::run_load(std::shared_ptr<Load> load) {
  auto loading = source_.load(context_.scheduler.now() + kLoadTime);
  auto loaded = co_await std::move(loading);
  count_load(loaded.ok());
  if (loaded.ok()) {
    keep(std::move(*loaded));
    load->loaded = held_;
  } else {
    keep_fault(std::move(loaded.fault()));
    load->fault = fault_now();
  }
  load_.reset();
  load->done.set();
  if (std::exchange(load_again_, false)) {
    begin_load();
  } else if (held_ != nullptr && held_->expiration) {
    timer_.arm(ask_at_);
  }
}

void CachedCredentials::count_load(bool succeeded) {
  if (context_.loads == nullptr) return;
  CredentialLoads::Counts& counts = context_.loads->by_source[std::string(source_.name())];
  ++(succeeded ? counts.ok : counts.error);
}

void CachedCredentials::keep(Credentials loaded) {
  last_fault_.reset();
  came_expired_ = false;
  ask_at_ = TimePoint::max();
  const Nanoseconds left =
      loaded.expiration ? bounded_difference(*loaded.expiration, context_.clock.now()) : Nanoseconds::max();
  if (loaded.expiration) {
    came_expired_ = left <= Nanoseconds(0);
    ask_at_ = context_.scheduler.now() + (left > kRenewAhead ? left - kRenewAhead : wait_a_while());
  }
  if (held_ == nullptr || !held_->same_keys(loaded)) {
    refused_at_.reset();
    refused_until_ = TimePoint{};
    log_kept(loaded, left);
  }
  // AWS may refuse them at once, and each time the source may have others that have expired as well.
  if (came_expired_) refused_until_ = ask_at_;
  held_ = std::make_shared<const Credentials>(std::move(loaded));
}

Fault CachedCredentials::fault_now() const {
  Fault fault = *last_fault_;
  if (held_ == nullptr || fault.is_transient() || fault.came_from_aws()) return fault;
  if (!fault.is_denied() || ran_out_for() <= kRefusalTolerated) fault.set_kind(Fault::Kind::transient);
  return fault;
}

Nanoseconds CachedCredentials::ran_out_for() const {
  const Nanoseconds expired =
      held_->expiration ? bounded_difference(context_.clock.now(), *held_->expiration) : Nanoseconds::min();
  return refused_at_ ? std::max(expired, context_.scheduler.now() - *refused_at_) : expired;
}

void CachedCredentials::log_kept(const Credentials& loaded, Nanoseconds left) {
  const std::string_view message = held_ == nullptr ? "credentials found" : "credentials renewed";
  if (loaded.expiration) {
    const auto seconds = std::chrono::duration_cast<Seconds>(left).count();
    context_.log.info(message, {{"source", loaded.source}, {"expires_in_seconds", seconds}});
  } else {
    context_.log.info(message, {{"source", loaded.source}});
  }
}

void CachedCredentials::keep_fault(Fault fault) {
  const bool renewal = held_ != nullptr;
  context_.log.warn(renewal ? "credentials were not renewed" : "no credentials", {{"reason", fault.message}});
  ask_at_ = context_.scheduler.now() + (renewal ? wait_a_while() : patience_.after_first_fault);
  last_fault_ = std::move(fault);
}

// Equal waits would make a fleet that was started together ask together.
Nanoseconds CachedCredentials::wait_a_while() { return kWait + context_.random.part_of(kMostJitter); }

Task<Result<SharedCredentials>> CachedCredentials::wait_for(std::shared_ptr<Load> load, TimePoint deadline) {
  const bool done = co_await load->done.wait_until(deadline);
  if (!done) co_return Fault::timeout("credentials did not come in time");
  if (load->fault) co_return *load->fault;
  co_return load->loaded;
}

Fault CachedCredentials::refused_again(const Credentials& refused) {
  return Fault::expired("the credentials of " + refused.source + " are no longer accepted, and it has no others");
}

}  // namespace sma
