#pragma once

#include <string>

#include "aws/aws_context.h"
#include "aws/credentials/credentials.h"
#include "aws/profile_files.h"

namespace sma {

/// What a profile says about IAM Identity Center, in either form: `sso_session` (with `[sso-session NAME]`), or the
/// older one with all keys in the profile.
struct SsoSettings {
  std::string profile;
  std::string session;  ///< empty: the older form
  std::string start_url;
  std::string region;
  std::string account_id;
  std::string role_name;

  /// The name of the file that a sign-in is kept in: SHA-1 of the session's name or the start URL, in hexadecimal.
  [[nodiscard]] std::string token_file_name() const;
};

/// The fault names the key that is missing or contradicts.
[[nodiscard]] Result<SsoSettings> read_sso_settings(const Profiles& profiles, const std::string& profile);

/// The URL of the SSO portal: an override as for any service (`AWS_ENDPOINT_URL_SSO`, `AWS_ENDPOINT_URL`,
/// `services` section `sso`, `endpoint_url`), else the region's.
[[nodiscard]] Result<std::string> sso_portal_url(const Environment& environment, const ProfileFiles& files,
                                                 const std::string& region);

/// Role credentials from the SSO portal (`GetRoleCredentials`), with the token of a sign-in that the AWS CLI left in
/// `~/.aws/sso/cache`. The token is not refreshed: if it has expired, the fault says to log in.
class SsoCredentials {
 public:
  SsoCredentials(const Surroundings& surroundings, const AwsContext& context)
      : surroundings_(surroundings), context_(context) {}

  Task<Result<Credentials>> load(SsoSettings settings, std::string portal_url, TimePoint deadline);

 private:
  Task<Result<WipedBytes>> token(SsoSettings settings) const;
  Task<Result<Credentials>> attempt(SsoSettings settings, std::string portal_url, TimePoint deadline);

  Surroundings surroundings_;
  AwsContext context_;
};

}  // namespace sma
