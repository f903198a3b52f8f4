#pragma once

#include <memory>
#include <string>

#include "base/file_descriptor.h"
#include "base/files.h"
#include "base/task.h"
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
///
/// Nothing is watched before `ensure`, which is to be called again after each change.
class FileWatcher final : private Watcher {
 public:
  /// All must outlive this object.
  FileWatcher(EventLoop& loop, std::string path, const Files& files, FileListener& listener);
  ~FileWatcher();
  FileWatcher(const FileWatcher&) = delete;
  FileWatcher& operator=(const FileWatcher&) = delete;

  /// Looks again which folder the path leads to, by `Files::ask`. True if that is watched; false if it does not exist
  /// yet, if its file system hangs, or if the kernel takes no more watches: then the owner has to look at the file from
  /// time to time. This object must outlive the task, and there is one at a time.
  Task<bool> ensure();

 private:
  void on_events(std::uint32_t events) override;

  EventLoop& loop_;
  std::string path_;
  const Files& files_;
  FileListener& listener_;
  std::shared_ptr<FileDescriptor> inotify_;  // a question that hangs holds it, too
  int watch_ = -1;
};

}  // namespace sma
