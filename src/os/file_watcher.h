#pragma once

#include <string>

#include "base/file_descriptor.h"
#include "os/event_loop.h"

namespace sma {

/// Is called when a file may have changed.
class FileListener {
 public:
  virtual void on_file_changed() = 0;

 protected:
  ~FileListener() = default;
};

/// Watches a file by inotify on its folder: writing, replacing by rename, and switching a symbolic link beside it (as
/// Kubernetes does with its volumes) all count. Other files of that folder count too: the listener has to look.
/// A folder that does not exist is waited for, by watching the nearest one above it that does. If the file is a link
/// into another folder, changes there are not seen.
class FileWatcher final : private Watcher {
 public:
  FileWatcher(EventLoop& loop, const std::string& path, FileListener& listener);
  ~FileWatcher();
  FileWatcher(const FileWatcher&) = delete;
  FileWatcher& operator=(const FileWatcher&) = delete;

  /// Looks again which folder the path leads to. True if that is watched; false if it does not exist yet, or if the
  /// kernel takes no more watches: then the owner has to look at the file from time to time.
  bool ensure();

 private:
  void on_events(std::uint32_t events) override;
  bool watch_nearest();

  EventLoop& loop_;
  std::string folder_;
  FileListener& listener_;
  FileDescriptor inotify_;
  int watch_ = -1;
};

}  // namespace sma
