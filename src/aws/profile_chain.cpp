#include "aws/profile_chain.h"

#include <algorithm>
#include <array>

#include "base/whole_number.h"

namespace sma {
namespace {

/// One profile's keys.
class Profile {
 public:
  Profile(const ProfileFiles& files, std::string name) : files_(files), name_(std::move(name)) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool exists() const { return files_.profiles.has_profile(name_); }
  [[nodiscard]] std::optional<std::string_view> get(std::string_view key) const {
    return files_.profiles.get(name_, key);
  }
  [[nodiscard]] bool has(std::string_view key) const { return get(key).has_value(); }
  [[nodiscard]] std::string text(std::string_view key) const { return std::string(get(key).value_or("")); }
  [[nodiscard]] Fault fault(std::string_view what) const {
    return Fault::internal("profile " + name_ + ": " + std::string(what));
  }

 private:
  const ProfileFiles& files_;
  std::string name_;
};

bool has_static_keys(const Profile& profile) {
  return profile.has("aws_access_key_id") && profile.has("aws_secret_access_key");
}

bool mentions_sso(const Profile& profile) {
  constexpr std::array<std::string_view, 5> kKeys{"sso_session", "sso_start_url", "sso_region", "sso_account_id",
                                                  "sso_role_name"};
  return std::ranges::any_of(kKeys, [&](std::string_view key) { return profile.has(key); });
}

Result<ProfileChain::Base> base_of(const Profile& profile) {
  using Base = ProfileChain::Base;
  if (profile.has("credential_source")) return Base::credential_source;
  if (profile.has("web_identity_token_file")) {
    if (!profile.has("role_arn")) return profile.fault("web_identity_token_file is set, but not role_arn");
    return Base::web_identity;
  }
  if (mentions_sso(profile)) return Base::sso;
  if (profile.has("login_session")) return profile.fault("login_session is not supported");
  if (profile.has("credential_process")) return Base::credential_process;
  if (has_static_keys(profile)) return Base::static_keys;
  if (profile.has("aws_access_key_id")) return profile.fault("aws_access_key_id is set, but not aws_secret_access_key");
  if (profile.has("aws_secret_access_key"))
    return profile.fault("aws_secret_access_key is set, but not aws_access_key_id");
  if (profile.has("aws_session_token")) return profile.fault("aws_session_token is set, but no keys");
  return Fault::absent("profile " + profile.name() + " holds no credentials");
}

ProfileRole role_of(const Profile& profile) {
  ProfileRole role{profile.name(), profile.text("role_arn"), profile.text("role_session_name"),
                   profile.text("external_id")};
  const auto seconds = whole_number<Seconds::rep>(profile.text("duration_seconds"));
  if (seconds && *seconds > 0) role.duration = Seconds(*seconds);
  return role;
}

/// Why `profile`, which names a role, cannot be used.
std::optional<Fault> unusable(const Profile& profile) {
  if (profile.has("mfa_serial")) return profile.fault("mfa_serial is not supported: nobody is there to type a code");
  const bool from_profile = profile.has("source_profile");
  const bool from_source = profile.has("credential_source");
  if (from_profile && from_source) return profile.fault("source_profile and credential_source exclude each other");
  if (!from_profile && !from_source) return profile.fault("role_arn needs source_profile or credential_source");
  return std::nullopt;
}

Fault not_found(const ProfileFiles& files, const Profile& profile, const std::vector<std::string>& visited) {
  const auto shown = [](const std::string& path) { return path.empty() ? "~/.aws (HOME is not set)" : path; };
  const std::string where = " is in neither " + shown(files.config_path) + " nor " + shown(files.credentials_path);
  if (!visited.empty())
    return Fault::internal("profile " + profile.name() + ", source_profile of " + visited.back() + "," + where);
  if (!files.profile_named) return Fault::absent("profile default" + where);
  return Fault::internal("profile " + profile.name() + ", named by AWS_PROFILE," + where);
}

Fault loop(const std::vector<std::string>& visited, const std::string& again) {
  std::string way;
  for (const std::string& profile : visited) way += profile + " -> ";
  return Fault::internal("source_profile leads in a circle: " + way + again);
}

}  // namespace

Result<ProfileChain> resolve_profile_chain(const ProfileFiles& files) {
  ProfileChain chain{};
  std::vector<std::string> visited;
  for (std::string next = files.profile;;) {
    const Profile profile(files, next);
    if (!profile.exists()) return not_found(files, profile, visited);
    if (std::ranges::find(visited, next) != visited.end()) return loop(visited, next);
    visited.push_back(next);
    chain.base_profile = next;
    if (visited.size() > 1 && has_static_keys(profile)) {
      chain.base = ProfileChain::Base::static_keys;
      break;
    }
    const bool names_role = profile.has("role_arn") && !profile.has("web_identity_token_file");
    if (names_role) {
      if (auto fault = unusable(profile)) return *fault;
      chain.roles.push_back(role_of(profile));
      next = profile.text("source_profile");
      if (!next.empty() && next != profile.name()) continue;
    }
    auto base = base_of(profile);
    // A profile that another one draws on has to have something.
    if (!base.ok() && !chain.roles.empty()) base.fault().set_kind(Fault::Kind::internal);
    if (!base.ok()) return base.fault();
    chain.base = *base;
    break;
  }
  std::ranges::reverse(chain.roles);
  return chain;
}

}  // namespace sma
