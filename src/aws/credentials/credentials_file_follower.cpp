#include "aws/credentials/credentials_file_follower.h"

#include "base/wall_time.h"

namespace sma {
namespace {

constexpr Seconds kLookEvery{60};
constexpr Seconds kCoarsestTick{2};

}  // namespace

CredentialsFileFollower::CredentialsFileFollower(EventLoop& loop, std::string path, const Files& files,
                                                 CachedCredentials& credentials)
    : Timer(loop),
      scheduler_(loop),
      path_(std::move(path)),
      files_(files),
      credentials_(credentials),
      seen_(files.facts(path_)),
      watcher_(loop, path_, *this) {
  credentials_.ask_again();
  arm(scheduler_.now() + kLookEvery);
}

void CredentialsFileFollower::run() {
  watcher_.ensure();
  on_file_changed();
  arm(scheduler_.now() + kLookEvery);
}

void CredentialsFileFollower::on_file_changed() {
  const auto facts = files_.facts(path_);
  // Two changes in one tick of the file system's clock look alike.
  const bool may_look_alike =
      facts && bounded_difference(scheduler_.wall_now(), WallTime(Nanoseconds(facts->modified))) < kCoarsestTick;
  if (facts == seen_ && !may_look_alike) return;
  seen_ = facts;
  credentials_.ask_again();
}

}  // namespace sma
