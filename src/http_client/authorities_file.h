#pragma once

#include <optional>
#include <string>

#include "base/files.h"

namespace sma {

/// The file of certificate authorities, and the name under which curl is to read it. curl keeps what it read from the
/// file, and the connections and TLS sessions that it vouched for, by the file's name: a file that was replaced gets
/// another name (one more `./` in it), and is read again for the next connection.
class AuthoritiesFile {
 public:
  /// `path` may be empty: there is none.
  AuthoritiesFile(const Files& files, std::string path) : files_(files), path_(std::move(path)) {}

  /// Looks at the file. While there is none, its name stays: it is about to be replaced.
  [[nodiscard]] const std::string& name();

 private:
  const Files& files_;
  const std::string path_;
  std::string name_ = path_;
  std::optional<FileFacts> facts_;
};

}  // namespace sma
