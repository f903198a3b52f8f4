#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/wiped_bytes.h"

namespace sma {

/// The process's environment variables, or a test's. A variable that is empty or only white space counts as unset:
/// Compose's `${X:-}` makes many.
class Environment {
 public:
  /// The variables of this process. Views stay valid as long as nobody changes the environment; nobody does.
  static Environment of_process();
  explicit Environment(std::map<std::string, std::string, std::less<>> variables) : variables_(std::move(variables)) {}

  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
  /// The value where it is set, `fallback` where not.
  [[nodiscard]] std::string_view get_or(std::string_view name, std::string_view fallback) const {
    return get(name).value_or(fallback);
  }
  /// All names that are set, for the check of unknown `SMA_` variables.
  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& all() const { return variables_; }

 private:
  std::map<std::string, std::string, std::less<>> variables_;
};

/// What tells one state of a file from another.
struct FileFacts {
  unsigned permissions = 0;   ///< the lower nine bits of its mode
  std::int64_t modified = 0;  ///< nanoseconds since the epoch
  std::uint64_t node = 0;
  std::uint64_t size = 0;  ///< bytes
  bool operator==(const FileFacts&) const = default;
};

/// Reads small files whole. Tests put their own in.
class Files {
 public:
  virtual ~Files() = default;
  /// At most `limit` bytes; a larger file, a folder, or one that cannot be read is a fault that names the path and the
  /// reason, never the content.
  [[nodiscard]] virtual Result<WipedBytes> read(const std::string& path, std::size_t limit = kLimit) const = 0;
  [[nodiscard]] virtual bool exists(const std::string& path) const = 0;
  [[nodiscard]] virtual bool is_folder(const std::string& /*path*/) const { return false; }
  /// None where there is no such file, or a test does not care.
  [[nodiscard]] virtual std::optional<FileFacts> facts(const std::string& /*path*/) const { return std::nullopt; }

  static constexpr std::size_t kLimit = std::size_t{4} << 20;
};

/// The files of this machine.
class SystemFiles final : public Files {
 public:
  [[nodiscard]] Result<WipedBytes> read(const std::string& path, std::size_t limit = kLimit) const override;
  [[nodiscard]] bool exists(const std::string& path) const override;
  [[nodiscard]] bool is_folder(const std::string& path) const override;
  [[nodiscard]] std::optional<FileFacts> facts(const std::string& path) const override;
};

}  // namespace sma
