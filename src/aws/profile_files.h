#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/profile.h"
#include "base/environment.h"
#include "base/files.h"
#include "base/result.h"
#include "base/task.h"

namespace sma {

/// The shared files of this environment, read, and the profile that is chosen there: `AWS_CONFIG_FILE` (else
/// `$HOME/.aws/config`), `AWS_SHARED_CREDENTIALS_FILE` (else `$HOME/.aws/credentials`), `AWS_PROFILE` (else `default`).
struct ProfileFiles {
  std::string config_path;  ///< empty: no `HOME` and no variable
  std::string credentials_path;
  std::string profile;         ///< the chosen one
  bool profile_named = false;  ///< chosen by `AWS_PROFILE`: it has to exist
  Profiles profiles;

  /// Of the chosen profile.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view key) const { return profiles.get(profile, key); }
  /// From the `services` section the chosen profile names.
  [[nodiscard]] std::optional<std::string_view> service(std::string_view service, std::string_view key) const;
};

/// A file that does not exist is as good as an empty one; one that cannot be read or understood is a fault.
[[nodiscard]] Result<ProfileFiles> read_profile_files(const Environment& environment, const Files& files);
/// The same by `Files::ask`. Both must outlive the task.
[[nodiscard]] Task<Result<ProfileFiles>> ask_profile_files(const Environment* environment, const Files* files);

/// `~` and `~/…` stand for `$HOME`; anything else is left as it is.
[[nodiscard]] std::string expand_home(std::string_view path, const Environment& environment);

}  // namespace sma
