#pragma once

#include <map>
#include <memory>
#include <string>

#include "aws/aws_clock.h"
#include "aws/credentials/cached_credentials.h"
#include "aws/credentials/credentials.h"
#include "aws/sts.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "base/scheduler.h"

namespace sma {

/// Assumes one role with the base credentials.
class AssumeRoleSource final : public CredentialsSource {
 public:
  /// `sts` and `base` must outlive this object and its tasks.
  AssumeRoleSource(Sts& sts, CredentialsProvider& base, AssumeRoleRequest request)
      : sts_(sts), base_(base), request_(std::move(request)), name_("role " + request_.role_arn) {}

  Task<Result<Credentials>> load(TimePoint deadline) override;
  [[nodiscard]] std::string_view name() const override { return name_; }

 private:
  Sts& sts_;
  CredentialsProvider& base_;
  AssumeRoleRequest request_;
  std::string name_;
};

/// Credentials of the roles that requests name by `roleArn`; each is assumed when first asked for and renewed on its
/// own. A role counts from its first successful assumption until exit; one that failed does not, and is forgotten.
class RoleCredentials {
 public:
  /// All must outlive this object and its tasks. `session_name` is what trust policies name.
  RoleCredentials(Scheduler& scheduler, Sts& sts, CredentialsProvider& base, const AwsClock& clock, Random& random,
                  Log& log, std::string session_name, std::size_t max_roles)
      : scheduler_(scheduler),
        sts_(sts),
        base_(base),
        clock_(clock),
        random_(random),
        log_(log),
        session_name_(std::move(session_name)),
        max_roles_(max_roles) {}

  /// One role's source and what it gave; shared by those who use it.
  struct Role {
    Role(RoleCredentials& roles, const std::string& role_arn);
    AssumeRoleSource source;
    CachedCredentials credentials;
    bool counted = false;
  };

  /// The role, with credentials in force. Faults: 403 `AccessDeniedException` where STS refused, 400
  /// `MaxRolesExceeded`, or what kept STS from answering.
  Task<Result<std::shared_ptr<Role>>> assume(std::string role_arn, TimePoint deadline);

  [[nodiscard]] std::size_t count() const { return counted_.size(); }

 private:
  [[nodiscard]] Fault too_many() const;

  Scheduler& scheduler_;
  Sts& sts_;
  CredentialsProvider& base_;
  const AwsClock& clock_;
  Random& random_;
  Log& log_;
  std::string session_name_;
  std::size_t max_roles_;
  std::map<std::string, std::shared_ptr<Role>> counted_;
  std::map<std::string, std::weak_ptr<Role>> being_assumed_;
};

}  // namespace sma
