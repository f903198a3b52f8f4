#pragma once

#include <filesystem>
#include <string>

namespace sma::integration {

/// A folder of its own, removed with all that is in it at the end.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Writes a file below it, with the folders on the way; its path.
  std::filesystem::path write(const std::string& name, const std::string& content) const;
  /// Empty where there is no such file.
  [[nodiscard]] std::string read(const std::string& name) const;

 private:
  std::filesystem::path path_;
};

[[nodiscard]] std::string read_file(const std::filesystem::path& path);

}  // namespace sma::integration
