#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sma {

/// Whether an answer belongs to the call it came for. If a peer sends one answer too many on a kept connection, every
/// later call on it gets the answer to the one before. A member that the answer lacks is passed as empty and is not
/// compared. Pure. Source: specification §3.9.

/// Who chose the names: AWS, or an emulator at an endpoint override, which has its own accounts and random ends of
/// ARNs.
enum class NamedBy { aws, emulator };

/// The names in an answer about a secret.
struct SecretNames {
  std::string_view arn;
  std::string_view name;
};

/// True if an answer with these names may be about the secret `id`, a name or an ARN with or without its random end.
/// Partition and region are not compared: a replica's ARN differs in its region.
[[nodiscard]] bool is_of_secret(std::string_view id, const SecretNames& names, NamedBy by);

/// Which version of a secret was asked for; both empty for the current one.
struct AskedVersion {
  std::string_view version_id;
  std::string_view stage;
};

/// The version in an answer.
struct VersionNames {
  std::string_view version_id;
  std::span<const std::string> stages;
};

/// True if an answer with these names may be about that version. An emulator's stages are not compared.
[[nodiscard]] bool is_of_version(const AskedVersion& asked, const VersionNames& names, NamedBy by);

/// True if `user_arn` (`AssumedRoleUser/Arn`) is a session of that name of that role.
[[nodiscard]] bool is_of_role(std::string_view role_arn, std::string_view session_name, std::string_view user_arn,
                              NamedBy by);

}  // namespace sma
