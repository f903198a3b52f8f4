#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/fault.h"

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
  /// What an operator has to mend before lines can be written where they belong; once each time it begins. Not to be
  /// called during `write`.
  virtual std::optional<Fault> take_fault() { return std::nullopt; }
};

}  // namespace sma
