#pragma once

#include <cstddef>
#include <string_view>

#include "base/clock.h"

namespace sma {

/// What a `LogWriter` writes to: `OutputDescriptor`, `LogFile`, or a test.
class LogTarget {
 public:
  virtual ~LogTarget() = default;
  /// True if `write` may wait for another process, a disk or a network: then a thread calls it, one call at a time.
  [[nodiscard]] virtual bool may_block() const = 0;
  /// How many bytes of `text`, from its beginning, are done with: written, or lost because nobody can ever read them.
  /// The rest is worth another try later. `now` is the loop's time.
  virtual std::size_t write(std::string_view text, TimePoint now) = 0;
};

}  // namespace sma
