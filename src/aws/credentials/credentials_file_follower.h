#pragma once

#include <string>

#include "aws/credentials/cached_credentials.h"
#include "base/files.h"
#include "os/file_follower.h"

namespace sma {

/// Has the credentials of a file read again as soon as the file changes. It is read first when this object is made, so
/// that a bad file is logged at the start.
class CredentialsFileFollower final : private FileListener {
 public:
  /// All must outlive this object.
  CredentialsFileFollower(EventLoop& loop, std::string path, const Files& files, CachedCredentials& credentials)
      : credentials_(credentials), follower_(loop, std::move(path), files, *this) {}

 private:
  void on_file_changed() override { credentials_.ask_again(); }

  CachedCredentials& credentials_;
  FileFollower follower_;
};

}  // namespace sma
