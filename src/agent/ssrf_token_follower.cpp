#include "agent/ssrf_token_follower.h"

#include <utility>

namespace sma {
namespace {

constexpr Seconds kSeekEvery{1};
// So long a reading counts as one that is about to end.
constexpr Seconds kHangs{1};

}  // namespace

struct SsrfTokenFollower::Reading {
  explicit Reading(Scheduler& scheduler) : begun(scheduler.now()), ended(scheduler) {}
  TimePoint begun;
  Event ended;
};

SsrfTokenFollower::SsrfTokenFollower(EventLoop& loop, Log& log, SsrfTokenFile file, const Files& files,
                                     SsrfGuard& guard)
    : scheduler_(loop),
      log_(log),
      file_(std::move(file)),
      files_(files),
      guard_(guard),
      follower_(loop, file_.path, files, *this),
      tasks_(loop) {
  guard_.set_seeker(*this);
}

void SsrfTokenFollower::on_file_changed() {
  if (reading_ == nullptr) return begin_reading();
  read_again_ = true;
}

std::shared_ptr<Event> SsrfTokenFollower::seek_token() {
  const TimePoint now = scheduler_.now();
  if (reading_ == nullptr) {
    if (now < next_seeking_) return nullptr;
    next_seeking_ = now + kSeekEvery;
    begin_reading();
  }
  if (now >= reading_->begun + kHangs) return nullptr;
  return {reading_, &reading_->ended};
}

void SsrfTokenFollower::begin_reading() {
  reading_ = std::make_shared<Reading>(scheduler_);
  tasks_.start(read(reading_));
}

Task<void> SsrfTokenFollower::read(std::shared_ptr<Reading> reading) {
  auto asking =
      files_.ask<SsrfToken>(file_.path, [file = file_](const Files& files) { return read_ssrf_token(file, files); });
  Result<SsrfToken> token = co_await std::move(asking);
  take(std::move(token));
  reading_.reset();
  reading->ended.set();
  if (std::exchange(read_again_, false)) begin_reading();
}

void SsrfTokenFollower::take(Result<SsrfToken> token) {
  std::string fault = token.ok() ? std::string() : token.fault().message;
  if (!fault.empty() && fault != fault_)
    log_.warn("the SSRF token cannot be read again; the one that was read before still counts", {{"reason", fault}});
  fault_ = std::move(fault);
  if (!token.ok() || token->value.view() == guard_.token().view()) return;
  guard_.set_token(std::move(token->value));
  log_.info("a new SSRF token was read", {{"path", file_.path}});
  for (const std::string& warning : token->warnings) log_.warn(warning);
}

}  // namespace sma
