#pragma once

#include <cstdint>

#include "base/file_descriptor.h"
#include "os/log_target.h"

namespace sma {

/// Standard output or error, written without waiting for its reader as far as its kind allows.
///
/// O_NONBLOCK cannot be set on the descriptor itself, because its flags are shared with other processes. So a pipe or a
/// terminal is opened once more, by /proc/self/fd. That fails for those of another user, or without /proc. A socket has
/// a flag for each call. Anything else may block: a regular file has to keep the offset that it shares, for example.
class OutputDescriptor final : public LogTarget {
 public:
  /// `descriptor` stays open and its owner's. To be made before the sandbox forbids to open it.
  explicit OutputDescriptor(int descriptor);

  [[nodiscard]] bool may_block() const override { return kind_ == Kind::other; }
  std::size_t write(std::string_view text, TimePoint now) override;

 private:
  enum class Kind : std::uint8_t { socket, opened_again, other };

  FileDescriptor again_;
  int descriptor_;
  Kind kind_ = Kind::other;
  bool terminal_ = false;
};

}  // namespace sma
