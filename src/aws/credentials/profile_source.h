#pragma once

#include <memory>
#include <string>

#include "aws/aws_clock.h"
#include "aws/credentials/credentials.h"
#include "aws/credentials/sso_credentials.h"
#include "aws/profile_chain.h"
#include "aws/profile_files.h"
#include "aws/sts.h"
#include "base/environment.h"
#include "base/files.h"
#include "base/log.h"
#include "base/random.h"
#include "http_client/http_client.h"
#include "os/child_process.h"

namespace sma {

/// The chosen profile of the shared files, which are read again each time: its base, and the roles it leads over. See
/// `resolve_profile_chain`. Source: AWS SDKs and Tools Reference Guide, "Standardized credential providers".
class ProfileSource final : public CredentialsSource {
 public:
  /// What it draws on; all must outlive it.
  struct Parts {
    const Environment& environment;
    const Files& files;
    HttpTransport& http;
    Sts& sts;
    ProcessRunner& processes;
    Scheduler& scheduler;
    const AwsClock& clock;
    Random& random;
    Log& log;
    /// What `credential_source` names.
    CredentialsSource& environment_source;
    CredentialsSource& instance_metadata_source;
    CredentialsSource& container_source;
  };
  explicit ProfileSource(Parts parts)
      : parts_(parts), sso_(parts.environment, parts.files, parts.http, parts.scheduler, parts.clock, parts.random) {}

  Task<Result<Credentials>> load(TimePoint deadline) override;
  [[nodiscard]] std::string_view name() const override { return "profile"; }

 private:
  using Shared = std::shared_ptr<const ProfileFiles>;

  Task<Result<Credentials>> load_base(Shared files, ProfileChain::Base base, std::string profile, TimePoint deadline);
  Task<Result<Credentials>> load_named(std::string source, TimePoint deadline);
  Task<Result<Credentials>> load_web_identity(Shared files, std::string profile, TimePoint deadline);
  Task<Result<Credentials>> load_sso(Shared files, std::string profile, TimePoint deadline);
  Task<Result<Credentials>> assume(ProfileRole role, Credentials base, TimePoint deadline);
  void log_ignored(const ProfileFiles& files);

  Parts parts_;
  SsoCredentials sso_;
  bool ignored_logged_ = false;
};

}  // namespace sma
