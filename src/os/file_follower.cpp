#include "os/file_follower.h"

#include <utility>

#include "base/wall_time.h"

namespace sma {
namespace {

constexpr Seconds kLookEvery{60};
constexpr Seconds kCoarsestTick{2};

}  // namespace

FileFollower::FileFollower(EventLoop& loop, std::string path, const Files& files, FileListener& listener)
    : Timer(loop),
      scheduler_(loop),
      path_(std::move(path)),
      files_(files),
      listener_(listener),
      watcher_(loop, path_, files, *this),
      tasks_(loop) {
  run();
}

void FileFollower::run() {
  on_file_changed();
  arm(scheduler_.now() + kLookEvery);
}

void FileFollower::on_file_changed() {
  look_again_ = true;
  if (!std::exchange(looking_, true)) tasks_.start(look());
}

Task<void> FileFollower::look() {
  while (std::exchange(look_again_, false)) {
    Task<bool> ensuring = watcher_.ensure();
    co_await std::move(ensuring);
    auto asking = files_.ask<std::optional<FileFacts>>(
        path_, [path = path_](const Files& files) -> Result<std::optional<FileFacts>> { return files.facts(path); });
    const auto facts = co_await std::move(asking);
    if (facts.ok()) compare(*facts);
  }
  looking_ = false;
}

void FileFollower::compare(std::optional<FileFacts> facts) {
  // Two changes in one tick of the file system's clock look alike.
  const bool may_look_alike =
      facts && bounded_difference(scheduler_.wall_now(), WallTime(Nanoseconds(facts->modified))) < kCoarsestTick;
  if (std::exchange(told_, true) && facts == seen_ && !may_look_alike) return;
  seen_ = facts;
  listener_.on_file_changed();
}

}  // namespace sma
