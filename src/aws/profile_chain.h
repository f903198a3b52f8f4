#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/profile_files.h"
#include "base/clock.h"

namespace sma {

/// A role that a profile names.
struct ProfileRole {
  std::string profile;
  std::string role_arn;
  std::string session_name;  ///< empty: to be made
  std::string external_id;
  std::optional<Seconds> duration{};
};

/// How the chosen profile leads to credentials: a base, and roles that are assumed on top of it, one by one.
struct ProfileChain {
  enum class Base { credential_source, web_identity, sso, credential_process, static_keys };

  Base base;
  std::string base_profile;        ///< the profile that has the settings of the base
  std::vector<ProfileRole> roles;  ///< the base's first
};

/// Pure. Within a profile the order is the Rust SDK's: role_arn; credential_source, web_identity_token_file, IAM
/// Identity Center, credential_process, static keys; but a further profile's static keys come before its role_arn.
/// `absent` if the profile holds nothing about credentials; else the fault names profile and key.
[[nodiscard]] Result<ProfileChain> resolve_profile_chain(const ProfileFiles& files);

}  // namespace sma
