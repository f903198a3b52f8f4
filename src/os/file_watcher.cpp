#include "os/file_watcher.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace sma {
namespace {

constexpr std::uint32_t kChanges = IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE | IN_MOVED_FROM;
constexpr std::uint32_t kGone = IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED;

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// What is watched.
struct Watch {
  int number = -1;
  bool is_nearest = false;  // the folder itself, not one above it
};

/// `watched`: what is watched so far.
Watch watch_nearest(int inotify, const std::string& wanted, int watched) {
  std::string folder = wanted;
  const auto watch = [&] {
    return inotify_add_watch(inotify, folder.c_str(), kChanges | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
  };
  int found = watch();
  while (found < 0 && folder != "/" && folder != ".") {
    folder = folder_of(folder);
    found = watch();
  }
  // A folder that is watched already keeps its number.
  if (watched >= 0 && watched != found) inotify_rm_watch(inotify, watched);
  return {found, found >= 0 && folder == wanted};
}

}  // namespace

FileWatcher::FileWatcher(EventLoop& loop, std::string path, const Files& files, FileListener& listener)
    : loop_(loop),
      path_(std::move(path)),
      files_(files),
      listener_(listener),
      inotify_(std::make_shared<FileDescriptor>(inotify_init1(IN_CLOEXEC | IN_NONBLOCK))) {
  if (inotify_->valid() && !loop_.watch(inotify_->get(), EPOLLIN, *this).ok()) inotify_->close();
}

FileWatcher::~FileWatcher() {
  if (inotify_->valid()) loop_.unwatch(inotify_->get(), *this);
}

Task<bool> FileWatcher::ensure() {
  auto watching = files_.ask<Watch>(
      path_, [inotify = inotify_, folder = folder_of(path_), watched = watch_](const Files&) -> Result<Watch> {
        const Watch found = watch_nearest(inotify->get(), folder, watched);
        // What was made while we looked further up, unseen, is found the second time.
        return found.is_nearest ? found : watch_nearest(inotify->get(), folder, found.number);
      });
  const Result<Watch> found = co_await std::move(watching);
  if (!found.ok()) co_return false;
  watch_ = found->number;
  co_return found->is_nearest;
}

void FileWatcher::on_events(std::uint32_t /*events*/) {
  alignas(inotify_event) std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t got = ::read(inotify_->get(), buffer.data(), buffer.size());
    if (got <= 0) break;
    for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(got);) {
      const auto& event = *reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += sizeof(inotify_event) + event.len;
      if ((event.mask & kGone) == 0 || event.wd != watch_) continue;
      // A folder that was moved is still watched at its new place.
      if ((event.mask & IN_IGNORED) == 0) inotify_rm_watch(inotify_->get(), watch_);
      watch_ = -1;
    }
  }
  listener_.on_file_changed();
}

}  // namespace sma
