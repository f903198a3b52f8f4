#include "secrets/usage_summary.h"

namespace sma {
namespace {

// The longest an ARN can be (Secrets Manager API Reference, SecretId); what is longer is no secret's id.
constexpr std::size_t kLongestId = 2048;

}  // namespace

UsageSummary::Counts& UsageSummary::counts_of(std::string_view secret_id) {
  if (!armed()) arm(scheduler_.now() + kInterval);
  if (const auto found = counts_.find(secret_id); found != counts_.end()) return found->second;
  if (counts_.size() >= kMaxIds || secret_id.size() > kLongestId) return other_;
  return counts_.emplace(secret_id, Counts{}).first->second;
}

void UsageSummary::flush() {
  // An id stays for one idle minute, so that an id in steady use is never added again.
  std::erase_if(counts_, [](const auto& entry) { return !entry.second.any(); });
  for (auto& [secret_id, counts] : counts_) write(secret_id, counts);
  write("other", other_);
}

void UsageSummary::run() {
  flush();
  if (!counts_.empty()) arm(scheduler_.now() + kInterval);
}

void UsageSummary::write(std::string_view secret_id, Counts& counts) {
  if (!counts.any()) return;
  log_.info("secret in use", {{"secret_id", secret_id},
                              {"from_memory", counts.memory},
                              {"from_aws", counts.aws},
                              {"errors", counts.errors},
                              {"joined", counts.joined},
                              {"calls", counts.calls}});
  counts = Counts{};
}

}  // namespace sma
