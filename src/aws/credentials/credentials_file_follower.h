#pragma once

#include <optional>
#include <string>

#include "aws/credentials/cached_credentials.h"
#include "base/files.h"
#include "base/scheduler.h"
#include "os/file_watcher.h"

namespace sma {

/// Has the credentials of a file read again as soon as the file changes. The kernel reports most changes; for those
/// that it does not report (network file systems, links into other folders), the file is looked at every 60 seconds. It
/// is read first when this object is made, so that a bad file is logged at the start.
class CredentialsFileFollower final : private Timer, private FileListener {
 public:
  /// All must outlive this object.
  CredentialsFileFollower(EventLoop& loop, std::string path, const Files& files, CachedCredentials& credentials);

 private:
  void run() override;
  void on_file_changed() override;

  Scheduler& scheduler_;
  std::string path_;
  const Files& files_;
  CachedCredentials& credentials_;
  std::optional<FileFacts> seen_;
  FileWatcher watcher_;
};

}  // namespace sma
