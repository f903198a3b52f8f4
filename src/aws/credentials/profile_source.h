#pragma once

#include <memory>
#include <string>

#include "aws/credentials/credentials.h"
#include "aws/credentials/sso_credentials.h"
#include "aws/profile_chain.h"
#include "aws/profile_files.h"
#include "aws/sts.h"
#include "os/child_process.h"

namespace sma {

/// The chosen profile of the shared files, which are read again each time: its base, and the roles it leads over. See
/// `resolve_profile_chain`. Source: AWS SDKs and Tools Reference Guide, "Standardized credential providers".
class ProfileSource final : public CredentialsSource {
 public:
  /// What `credential_source` names. All of it must outlive this object.
  struct NamedSources {
    CredentialsSource& environment;
    CredentialsSource& instance_metadata;
    CredentialsSource& container;
  };
  /// All must outlive this object.
  ProfileSource(const Surroundings& surroundings, Sts& sts, ProcessRunner& processes, const NamedSources& named,
                const AwsContext& context)
      : surroundings_(surroundings),
        sts_(sts),
        processes_(processes),
        named_(named),
        context_(context),
        sso_(surroundings, context) {}

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

  Surroundings surroundings_;
  Sts& sts_;
  ProcessRunner& processes_;
  NamedSources named_;
  AwsContext context_;
  SsoCredentials sso_;
  bool ignored_logged_ = false;
};

}  // namespace sma
