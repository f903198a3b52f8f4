#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"

namespace sma {

/// Keeps log lines for a test to read.
class LogLines final : public LogSink {
 public:
  void write(std::string_view line) override { lines.emplace_back(line); }

  /// How many lines hold this text.
  [[nodiscard]] std::size_t count(std::string_view text) const {
    return static_cast<std::size_t>(std::count_if(
        lines.begin(), lines.end(), [&](const std::string& line) { return line.find(text) != std::string::npos; }));
  }

  std::vector<std::string> lines;
};

}  // namespace sma
