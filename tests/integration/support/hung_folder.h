#pragma once

#include <filesystem>

#include "tests/integration/support/temp_folder.h"

namespace sma::integration {

/// A folder that a link leads to: `good` at first, later one on a file system that answers nothing, as a network file
/// system whose server is gone. (FUSE, which answers nothing after its first message.)
class HungFolder {
 public:
  /// Whether this process may mount FUSE. It may as root, if /dev/fuse is there.
  [[nodiscard]] static bool is_possible();

  HungFolder();
  /// What waits for the file system gets an error.
  ~HungFolder();
  HungFolder(const HungFolder&) = delete;
  HungFolder& operator=(const HungFolder&) = delete;

  /// Below the link.
  [[nodiscard]] std::filesystem::path path(const std::string& name) const { return folder_.path() / "current" / name; }
  /// Writes a file into the good folder, mode 0600; its path below the link.
  std::filesystem::path write(const std::string& name, const std::string& content) const;
  /// From now on everything below the link hangs.
  void hang() const { lead_to("hung"); }
  /// The link leads to the good folder again.
  void recover() const { lead_to("good"); }

 private:
  void lead_to(const std::string& target) const;

  TempFolder folder_;
  int fuse_ = -1;
};

}  // namespace sma::integration
