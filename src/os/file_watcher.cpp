#include "os/file_watcher.h"

#include <sys/inotify.h>

#include <array>

namespace sma {
namespace {

constexpr std::uint32_t kChanges = IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE | IN_MOVED_FROM;
constexpr std::uint32_t kGone = IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED;

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

FileWatcher::FileWatcher(EventLoop& loop, const std::string& path, FileListener& listener)
    : loop_(loop), folder_(folder_of(path)), listener_(listener), inotify_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  if (inotify_.valid() && !loop_.watch(inotify_.get(), EPOLLIN, *this).ok()) inotify_.close();
  ensure();
}

FileWatcher::~FileWatcher() {
  if (inotify_.valid()) loop_.unwatch(inotify_.get(), *this);
}

// What was made while we looked further up, unseen, is found the second time.
bool FileWatcher::ensure() { return watch_nearest() || watch_nearest(); }

bool FileWatcher::watch_nearest() {
  std::string folder = folder_;
  const auto watch = [&] {
    return inotify_add_watch(inotify_.get(), folder.c_str(), kChanges | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
  };
  int found = watch();
  while (found < 0 && folder != "/" && folder != ".") {
    folder = folder_of(folder);
    found = watch();
  }
  // A folder that is watched already keeps its number.
  if (watch_ >= 0 && watch_ != found) inotify_rm_watch(inotify_.get(), watch_);
  watch_ = found;
  return watch_ >= 0 && folder == folder_;
}

void FileWatcher::on_events(std::uint32_t /*events*/) {
  alignas(inotify_event) std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t got = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (got <= 0) break;
    for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(got);) {
      const auto& event = *reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += sizeof(inotify_event) + event.len;
      if ((event.mask & kGone) == 0 || event.wd != watch_) continue;
      // A folder that was moved is still watched at its new place.
      if ((event.mask & IN_IGNORED) == 0) inotify_rm_watch(inotify_.get(), watch_);
      watch_ = -1;
    }
  }
  ensure();
  listener_.on_file_changed();
}

}  // namespace sma
