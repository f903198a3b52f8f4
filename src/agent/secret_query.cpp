#include "agent/secret_query.h"

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "base/percent.h"
#include "base/utf8.h"
#include "secrets/role_arn.h"

namespace sma {
namespace {

constexpr std::string_view kBadEscape = "invalid percent-encoding";
constexpr std::string_view kBadRole = "invalid roleArn format, expected arn:<partition>:iam::<account>:role/<name>";

std::optional<bool> boolean(std::string_view text) {
  if (text == "1" || equals_ignoring_case(text, "true")) return true;
  if (text == "0" || equals_ignoring_case(text, "false")) return false;
  return std::nullopt;
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char byte) { return byte >= ' ' && byte <= '~'; });
}

}  // namespace

std::optional<std::string> SecretQuery::read_query(std::string_view query) {
  key_ = {};
  if (auto wrong = read_parameters(query, true)) return wrong;
  if (key_.secret_id.empty()) return "missing parameter secretId";
  if (role_given_ && !is_role_arn(key_.role_arn)) return std::string(kBadRole);
  return std::nullopt;
}

std::optional<std::string> SecretQuery::read_path(std::string_view id, std::string_view query) {
  key_ = {};
  if (id.empty()) return "missing secret ID";
  const auto secret_id = percent_decoded(id, Plus::kept, decoded_[0]);
  if (!secret_id) return std::string(kBadEscape);
  if (!is_utf8(*secret_id)) return "secret ID is not UTF-8";
  if (auto wrong = read_parameters(query, false)) return wrong;
  key_.secret_id = *secret_id;
  if (role_given_ && !is_role_arn(key_.role_arn)) return std::string(kBadRole);
  return std::nullopt;
}

std::optional<std::string> SecretQuery::read_parameters(std::string_view query, bool with_id) {
  role_given_ = refresh_now_ = false;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    if (auto wrong = read_parameter(pair, with_id)) return wrong;
  }
  return std::nullopt;
}

std::optional<std::string> SecretQuery::read_parameter(std::string_view pair, bool with_id) {
  const std::size_t equals = std::min(pair.find('='), pair.size());
  const std::string_view raw_value = pair.substr(std::min(equals + 1, pair.size()));
  const auto name = percent_decoded(pair.substr(0, equals), Plus::space, name_);
  if (!name) return std::string(kBadEscape);

  const auto value_into = [&](std::string& buffer) { return percent_decoded(raw_value, Plus::space, buffer); };
  std::string_view* target = nullptr;
  std::size_t buffer = 0;
  if (*name == "secretId" && with_id) {
    target = &key_.secret_id;
  } else if (*name == "versionId") {
    target = &key_.version_id;
    buffer = 1;
  } else if (*name == "versionStage") {
    target = &key_.version_stage;
    buffer = 2;
  } else if (*name == "roleArn") {
    target = &key_.role_arn;
    buffer = 3;
    role_given_ = true;
  } else if (*name == "refreshNow") {
    const auto value = value_into(decoded_[4]);
    const auto refresh = value ? boolean(*value) : std::nullopt;
    if (!refresh) return "invalid refreshNow value";
    refresh_now_ = *refresh;
    return std::nullopt;
  } else {
    // Control characters are not sent back: a name with one appears as it was written, encoded.
    const std::string_view raw_name = pair.substr(0, equals);
    return "unknown parameter: " + std::string(is_printable(*name) ? *name : raw_name);
  }
  const auto value = value_into(decoded_[buffer]);
  if (!value) return std::string(kBadEscape);
  // A role's ARN is looked at as a whole, later.
  if (target != &key_.role_arn && !is_utf8(*value))
    return (target == &key_.secret_id ? "secret ID" : std::string(*name)) + " is not UTF-8";
  *target = *value;
  return std::nullopt;
}

}  // namespace sma
