#include "agent/ssrf_token_follower.h"

#include <utility>

#include "base/wall_time.h"

namespace sma {
namespace {

constexpr Seconds kLookEvery{60};
constexpr Seconds kSeekEvery{1};
constexpr Seconds kCoarsestTick{2};

}  // namespace

SsrfTokenFollower::SsrfTokenFollower(EventLoop& loop, Log& log, SsrfTokenFile file, const Files& files,
                                     SsrfGuard& guard)
    : Timer(loop),
      scheduler_(loop),
      log_(log),
      file_(std::move(file)),
      files_(files),
      guard_(guard),
      watcher_(loop, file_.path, *this) {
  guard_.set_seeker(*this);
  // It may have changed between the first reading and the watch.
  on_file_changed();
  arm(scheduler_.now() + kLookEvery);
}

void SsrfTokenFollower::run() {
  watcher_.ensure();
  on_file_changed();
  arm(scheduler_.now() + kLookEvery);
}

void SsrfTokenFollower::on_file_changed() {
  const auto facts = files_.facts(file_.path);
  // Two changes in one tick of the file system's clock look alike.
  const bool may_look_alike =
      facts && bounded_difference(scheduler_.wall_now(), WallTime(Nanoseconds(facts->modified))) < kCoarsestTick;
  if (facts == seen_ && !may_look_alike) return;
  seen_ = facts;
  read_again();
}

bool SsrfTokenFollower::seek_token() {
  if (scheduler_.now() < next_seeking_) return false;
  next_seeking_ = scheduler_.now() + kSeekEvery;
  return read_again();
}

/// True if there is a new token.
bool SsrfTokenFollower::read_again() {
  auto token = read_ssrf_token(file_, files_);
  std::string fault = token.ok() ? std::string() : token.fault().message;
  if (!fault.empty() && fault != fault_)
    log_.warn("the SSRF token cannot be read again; the one that was read before still counts", {{"reason", fault}});
  fault_ = std::move(fault);
  if (!token.ok() || token->value.view() == guard_.token().view()) return false;
  guard_.set_token(std::move(token->value));
  log_.info("a new SSRF token was read", {{"path", file_.path}});
  for (const std::string& warning : token->warnings) log_.warn(warning);
  return true;
}

}  // namespace sma
