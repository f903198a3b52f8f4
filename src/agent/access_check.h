#pragma once

#include <string>
#include <vector>

#include "base/scheduler.h"
#include "base/task.h"
#include "secrets/prefetch.h"
#include "secrets/secret_source.h"

namespace sma {

/// What the calls for one secret, or for one tag that brought none, came to.
struct AccessRow {
  std::string secret;  ///< as configured, or the name of one that a tag brought; with its role
  std::string role_arn;
  std::string read = "no";
  std::string describe = "-";
  std::string why_not{};  ///< one refusal after the other, each with its operation
  bool refused = false;   ///< a call failed
};

/// Tries whether the prefetched secrets can be read: makes the calls that prefetch would make for them, and
/// DescribeSecret, one after the other. Their values are dropped, and so wiped, at once.
class AccessCheck {
 public:
  /// Both must outlive the tasks, and so must this.
  AccessCheck(Scheduler& scheduler, SecretSource& source) : scheduler_(scheduler), source_(source) {}

  Task<std::vector<AccessRow>> run(PrefetchSettings settings);

 private:
  Task<void> try_listed(std::string role_arn, std::vector<std::string> secret_ids);
  Task<void> try_tagged(std::string role_arn, std::string tag_key);
  /// Fills in whether `asked` can be read by a call of its own.
  Task<void> try_singly(AccessRow& row, std::string& asked);
  /// `asked`: the ID or ARN of the row's secret.
  Task<void> describe(AccessRow& row, std::string asked);
  [[nodiscard]] FetchProgress begin() const;

  Scheduler& scheduler_;
  SecretSource& source_;
  std::vector<AccessRow> rows_{};
};

/// The rows as lines for a person, with a head.
[[nodiscard]] std::string access_table(const std::vector<AccessRow>& rows);

}  // namespace sma
