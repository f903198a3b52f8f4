#include "agent/access_check.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/log.h"
#include "secrets/fetch_table.h"
#include "secrets/role_arn.h"

namespace sma {
namespace {

constexpr std::size_t kIdsACall = Prefetch::kIdsACall;
constexpr const char* kNoRole = "role_arn is not arn:<partition>:iam::<account>:role/<name>";

void refuse(AccessRow& row, std::string_view operation, const Fault& fault) {
  row.refused = true;
  if (!row.why_not.empty()) row.why_not += "; ";
  row.why_not.append(operation).append(": ").append(fault.code).append(": ").append(fault.message);
}

const SecretBatch::Failure* failure_of(const SecretBatch& batch, const std::string& secret_id) {
  const auto found = std::ranges::find(batch.failures, secret_id, &SecretBatch::Failure::secret_id);
  return found == batch.failures.end() ? nullptr : &*found;
}

/// The names of the secrets, or the keys of the tags, of each role.
template <typename Entries, typename Name>
std::map<std::string, std::vector<std::string>> by_role(const Entries& entries, Name name) {
  std::map<std::string, std::vector<std::string>> groups;
  for (const auto& entry : entries) groups[entry.role_arn].push_back(entry.*name);
  return groups;
}

std::string shown(const AccessRow& row) {
  std::string text;
  append_escaped(text, row.secret);
  if (!row.role_arn.empty()) append_escaped(text += " as ", row.role_arn);
  return text;
}

}  // namespace

Task<std::vector<AccessRow>> AccessCheck::run(PrefetchSettings settings) {
  for (const auto& [role_arn, ids] : by_role(settings.secrets, &PrefetchSettings::Secret::secret_id)) {
    for (std::size_t begin = 0; begin < ids.size(); begin += kIdsACall) {
      const auto first = ids.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto count = static_cast<std::ptrdiff_t>(std::min(kIdsACall, ids.size() - begin));
      Task<void> trying = try_listed(role_arn, {first, first + count});
      co_await std::move(trying);
    }
  }
  for (const auto& [role_arn, keys] : by_role(settings.filter_tags, &PrefetchSettings::Tag::key)) {
    for (const std::string& key : keys) {
      Task<void> trying = try_tagged(role_arn, key);
      co_await std::move(trying);
    }
  }
  co_return std::move(rows_);
}

Task<void> AccessCheck::try_listed(std::string role_arn, std::vector<std::string> secret_ids) {
  if (!role_arn.empty() && !is_role_arn(role_arn)) {
    for (std::string& id : secret_ids)
      rows_.push_back({.secret = std::move(id), .role_arn = role_arn, .why_not = kNoRole, .refused = true});
    co_return;
  }
  FetchProgress progress = begin();
  Task<Result<SecretBatch>> asking = source_.batch_get(secret_ids, role_arn, progress);
  Result<SecretBatch> batch = co_await std::move(asking);
  for (const std::string& id : secret_ids) {
    AccessRow row{.secret = id, .role_arn = role_arn};
    std::string asked = id;
    const SecretBatch::Failure* failure = batch.ok() ? failure_of(*batch, id) : nullptr;
    if (!batch.ok()) refuse(row, "BatchGetSecretValue", batch.fault());
    if (failure != nullptr) refuse(row, "BatchGetSecretValue", failure->fault);
    const auto value = batch.ok()
                           ? std::ranges::find_if(batch->values, [&](const auto& one) { return is_named(one, id); })
                           : std::vector<SecretValue>::iterator();
    if (batch.ok() && value != batch->values.end()) {
      row.read = "yes";
      if (!value->arn.empty()) asked = value->arn;
      value->answer = {};
    } else if (failure == nullptr || !failure->fault.is_denied()) {
      Task<void> trying = try_singly(row, asked);
      co_await std::move(trying);
    }
    Task<void> describing = describe(row, std::move(asked));
    co_await std::move(describing);
    rows_.push_back(std::move(row));
  }
}

Task<void> AccessCheck::try_singly(AccessRow& row, std::string& asked) {
  FetchProgress progress = begin();
  Task<Result<SecretValue>> asking = source_.get_secret_value({asked, {}, {}, row.role_arn}, progress);
  const Result<SecretValue> value = co_await std::move(asking);
  if (value.ok()) {
    row.read = "yes";
    if (!value->arn.empty()) asked = value->arn;
  } else {
    refuse(row, "GetSecretValue", value.fault());
  }
}

Task<void> AccessCheck::try_tagged(std::string role_arn, std::string tag_key) {
  AccessRow of_tag{.secret = "tag " + tag_key, .role_arn = role_arn};
  const std::size_t before = rows_.size();
  std::string token;
  for (std::size_t page = 0; page < Prefetch::kMostPages; ++page) {
    FetchProgress progress = begin();
    Task<Result<SecretBatch>> asking = source_.batch_get_tagged(tag_key, token, role_arn, progress);
    Result<SecretBatch> batch = co_await std::move(asking);
    if (!batch.ok()) {
      refuse(of_tag, "BatchGetSecretValue", batch.fault());
      rows_.push_back(std::move(of_tag));
      co_return;
    }
    for (SecretValue& value : batch->values) {
      value.answer = {};
      AccessRow row{.secret = value.name, .role_arn = role_arn, .read = "yes"};
      Task<void> describing = describe(row, value.arn.empty() ? value.name : value.arn);
      co_await std::move(describing);
      rows_.push_back(std::move(row));
    }
    for (const SecretBatch::Failure& failure : batch->failures) {
      AccessRow row{.secret = failure.secret_id, .role_arn = role_arn};
      refuse(row, "BatchGetSecretValue", failure.fault);
      rows_.push_back(std::move(row));
    }
    token = batch->next_token;
    if (token.empty()) break;
  }
  if (rows_.size() > before) co_return;
  of_tag.read = "-";
  of_tag.why_not = "no secret has this tag";
  rows_.push_back(std::move(of_tag));
}

Task<void> AccessCheck::describe(AccessRow& row, std::string asked) {
  FetchProgress progress = begin();
  Task<Result<SecretVersions>> asking = source_.describe_secret(std::move(asked), row.role_arn, progress);
  const Result<SecretVersions> versions = co_await std::move(asking);
  row.describe = versions.ok() ? "yes" : "no";
  if (!versions.ok()) refuse(row, "DescribeSecret", versions.fault());
}

FetchProgress AccessCheck::begin() const { return {.deadline = scheduler_.now() + FetchTable::kDeadline}; }

std::string access_table(const std::vector<AccessRow>& rows) {
  using Cells = std::array<std::string, 4>;
  std::vector<Cells> lines{{"secret", "read", "describe", "why not"}};
  for (const AccessRow& row : rows) {
    std::string why_not;
    append_escaped(why_not, row.why_not);
    lines.push_back({shown(row), row.read, row.describe, std::move(why_not)});
  }
  std::array<std::size_t, 3> widths{};
  for (const Cells& cells : lines)
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());
  std::string text;
  for (const Cells& cells : lines) {
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i)
      line += cells[i] + std::string(widths[i] + 2 - cells[i].size(), ' ');
    line += cells.back();
    text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
  return text;
}

}  // namespace sma
