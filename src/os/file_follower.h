#pragma once

#include <optional>
#include <string>

#include "base/files.h"
#include "base/task.h"
#include "os/file_watcher.h"

namespace sma {

/// Tells its listener that a file has changed, and once at the beginning. The kernel reports most changes; for those
/// that it does not report (network file systems, links into other folders), the file is looked at every 60 seconds.
/// It is looked at by `Files::ask`. While its file system hangs, nothing is told.
class FileFollower final : private Timer, private FileListener {
 public:
  /// All must outlive this object.
  FileFollower(EventLoop& loop, std::string path, const Files& files, FileListener& listener);

 private:
  void run() override;
  void on_file_changed() override;
  Task<void> look();
  void compare(std::optional<FileFacts> facts);

  Scheduler& scheduler_;
  std::string path_;
  const Files& files_;
  FileListener& listener_;
  bool told_ = false;  // that there is such a file, at the beginning
  std::optional<FileFacts> seen_;
  bool looking_ = false;
  bool look_again_ = false;
  FileWatcher watcher_;
  TaskSet tasks_;
};

}  // namespace sma
