#pragma once

#include <string>

#include "aws/aws_clock.h"
#include "aws/credentials/credentials.h"
#include "aws/sts.h"
#include "base/environment.h"
#include "base/files.h"

namespace sma {

/// A token file that is exchanged for a role's credentials, as EKS gives one to pods ("IAM roles for service
/// accounts"): `AWS_WEB_IDENTITY_TOKEN_FILE`, `AWS_ROLE_ARN`, `AWS_ROLE_SESSION_NAME`. A token file without a role is a
/// fault.
class WebIdentitySource final : public CredentialsSource {
 public:
  WebIdentitySource(const Environment& environment, const Files& files, Sts& sts, const AwsClock& clock)
      : environment_(environment), files_(files), sts_(sts), clock_(clock) {}

  Task<Result<Credentials>> load(TimePoint deadline) override;
  [[nodiscard]] std::string_view name() const override { return "web identity"; }

 private:
  const Environment& environment_;
  const Files& files_;
  Sts& sts_;
  const AwsClock& clock_;
};

/// Reads the token again each time, because it is rotated, and exchanges it.
[[nodiscard]] Task<Result<Credentials>> exchange_web_identity(const Files* files, Sts* sts, std::string token_file,
                                                              AssumeRoleRequest request, TimePoint deadline);

/// The session name for a role if none is configured: ours, and seconds since the epoch.
[[nodiscard]] std::string default_session_name(const AwsClock& clock);

}  // namespace sma
