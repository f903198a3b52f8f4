#include "aws/answer_identity.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/ascii.h"

namespace sma {
namespace {

/// `arn:partition:service:region:account:resource`.
struct Arn {
  std::string_view account;
  std::string_view resource;
};

std::optional<Arn> read_arn(std::string_view text) {
  std::array<std::string_view, 5> parts;
  for (std::string_view& part : parts) {
    const std::size_t end = text.find(':');
    if (end == std::string_view::npos) return std::nullopt;
    part = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  if (parts[0] != "arn") return std::nullopt;
  return Arn{.account = parts[4], .resource = text};
}

/// The ARN of a secret, with what follows `secret:` as its resource.
std::optional<Arn> read_secret_arn(std::string_view text) {
  constexpr std::string_view kSecret = "secret:";
  std::optional<Arn> arn = read_arn(text);
  if (!arn || !arn->resource.starts_with(kSecret)) return std::nullopt;
  arn->resource.remove_prefix(kSecret.size());
  return arn;
}

/// True if both are equal, or `whole` is `name` with the random end that AWS adds: a hyphen and six letters or digits.
bool is_with_or_without_end(std::string_view whole, std::string_view name) {
  constexpr std::size_t kEnd = std::string_view("-AbCdEf").size();
  if (!whole.starts_with(name)) return false;
  const std::string_view end = whole.substr(name.size());
  return end.empty() || (end.size() == kEnd && end[0] == '-' && std::ranges::all_of(end.substr(1), is_letter_or_digit));
}

std::string_view after_last_slash(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

bool is_of_secret(std::string_view id, const SecretNames& names, NamedBy by) {
  const std::optional<Arn> asked = read_secret_arn(id);
  if (!asked) return names.name.empty() || names.name == id;
  if (by == NamedBy::emulator) return names.name.empty() || is_with_or_without_end(asked->resource, names.name);
  if (names.arn.empty()) return true;
  const std::optional<Arn> got = read_secret_arn(names.arn);
  return got && got->account == asked->account && is_with_or_without_end(got->resource, asked->resource);
}

bool is_of_version(const AskedVersion& asked, const VersionNames& names, NamedBy by) {
  if (!asked.version_id.empty() && !names.version_id.empty() && names.version_id != asked.version_id) return false;
  const std::string_view stage = asked.stage.empty() && asked.version_id.empty() ? "AWSCURRENT" : asked.stage;
  if (by == NamedBy::emulator || stage.empty() || names.stages.empty()) return true;
  return std::ranges::find(names.stages, stage) != names.stages.end();
}

bool is_of_role(std::string_view role_arn, std::string_view session_name, std::string_view user_arn, NamedBy by) {
  const std::optional<Arn> asked = read_arn(role_arn);
  if (!asked || user_arn.empty()) return true;
  const std::optional<Arn> got = read_arn(user_arn);
  if (!got || (by == NamedBy::aws && got->account != asked->account)) return false;
  // `assumed-role/NAME/SESSION`: the role's path is not part of it, and a session's name has no slash.
  const std::size_t session = got->resource.rfind('/');
  return session != std::string_view::npos && got->resource.substr(session + 1) == session_name &&
         equals_ignoring_case(after_last_slash(got->resource.substr(0, session)), after_last_slash(asked->resource));
}

}  // namespace sma
