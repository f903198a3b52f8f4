#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/log.h"
#include "base/scheduler.h"

namespace sma {

/// Counts the answers each secret's clients got and the calls made for them, and logs one line a secret once a minute,
/// so that the log shows every secret in use at any load. Keeps at most 1000 ids, the rest together as `other`.
/// Recording an id that was in use in the minute before allocates nothing; no timer runs while nobody asks. Source:
/// specification §5.4.
class UsageSummary final : private Timer {
 public:
  UsageSummary(Scheduler& scheduler, Log& log) : Timer(scheduler), scheduler_(scheduler), log_(log) {}

  void record_memory(std::string_view secret_id) { ++counts_of(secret_id).memory; }
  void record_aws(std::string_view secret_id) { ++counts_of(secret_id).aws; }
  void record_error(std::string_view secret_id) { ++counts_of(secret_id).errors; }
  /// One of these answers came from a fetch that another request had started.
  void record_joined(std::string_view secret_id) { ++counts_of(secret_id).joined; }
  /// A DescribeSecret or GetSecretValue, however many attempts it took.
  void record_call(std::string_view secret_id) { ++counts_of(secret_id).calls; }

  /// Writes what was counted since the last time; also for the end of the agent.
  void flush();

  static constexpr std::size_t kMaxIds = 1000;
  static constexpr Seconds kInterval{60};

 private:
  struct Counts {
    std::uint64_t memory = 0;
    std::uint64_t aws = 0;
    std::uint64_t errors = 0;
    std::uint64_t joined = 0;
    std::uint64_t calls = 0;
    [[nodiscard]] bool any() const { return memory + aws + errors + joined + calls != 0; }
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  void run() override;
  Counts& counts_of(std::string_view secret_id);
  void write(std::string_view secret_id, Counts& counts);

  Scheduler& scheduler_;
  Log& log_;
  std::unordered_map<std::string, Counts, Hash, std::equal_to<>> counts_;
  Counts other_;
};

}  // namespace sma
