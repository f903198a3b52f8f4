#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "os/log_target.h"

namespace sma {

/// The log's file, `folder`/`name`.log. At 10 MiB a new one is begun; five old ones stay in `folder`/archive. If the
/// file was moved away or removed, a new one is begun within a second. That fails if the whole folder was removed and
/// made again while the sandbox allows to write in the old one only: then the lines are lost, and `take_fault` says so.
class LogFile final : public LogTarget {
 public:
  LogFile(std::string folder, std::string name);

  /// Why the file could not be opened or replaced; none if it is where it belongs.
  [[nodiscard]] const std::optional<Fault>& fault() const { return fault_; }
  std::optional<Fault> take_fault() override;

  [[nodiscard]] bool may_block() const override { return true; }
  std::size_t write(std::string_view text, TimePoint now) override;

 private:
  [[nodiscard]] std::string path(int generation) const;
  void open_file();
  void follow_path(TimePoint now);
  void rotate();
  [[nodiscard]] std::size_t next_portion(std::string_view text) const;
  [[nodiscard]] bool begin_shorter_file();

  std::string folder_;
  std::string name_;
  std::optional<Fault> fault_;
  bool fault_taken_ = false;
  FileDescriptor file_;
  bool regular_ = false;
  std::size_t file_size_ = 0;
  TimePoint followed_at_{};
};

/// Whether `LogFile` could write there. Makes nothing. The fault says what it would be.
[[nodiscard]] Result<Done> check_log_file(const std::string& folder, const std::string& name);

}  // namespace sma
