#pragma once

#include <map>
#include <memory>
#include <string>

#include "aws/aws_context.h"
#include "aws/credentials/cached_credentials.h"
#include "aws/credentials/credentials.h"
#include "aws/sts.h"
#include "base/result.h"

namespace sma {

/// Assumes one role with the base credentials.
class AssumeRoleSource final : public CredentialsSource {
 public:
  /// `sts` and `base` must outlive this object and its tasks.
  AssumeRoleSource(Sts& sts, CredentialsProvider& base, AssumeRoleRequest request)
      : sts_(sts), base_(base), request_(std::move(request)) {}

  Task<Result<Credentials>> load(TimePoint deadline) override;
  [[nodiscard]] std::string_view name() const override { return "role"; }

 private:
  Sts& sts_;
  CredentialsProvider& base_;
  AssumeRoleRequest request_;
};

/// Credentials of the roles that requests name by `roleArn`; each is assumed when first asked for and renewed on its
/// own. A role counts from its first successful assumption until exit; one that failed does not, and is forgotten.
class RoleCredentials {
 public:
  struct Limits {
    std::string session_name;  ///< what trust policies name
    std::size_t max_roles;
  };
  /// All must outlive this object and its tasks.
  RoleCredentials(Sts& sts, CredentialsProvider& base, const AwsContext& context, Limits limits)
      : sts_(sts), base_(base), context_(context), limits_(std::move(limits)) {}

  /// One role's source and its credentials; shared by those who use them.
  struct Role {
    Role(RoleCredentials& roles, const std::string& role_arn);
    AssumeRoleSource source;
    CachedCredentials credentials;
    bool counted = false;
  };

  /// The role, with credentials in force. Faults: 403 `AccessDeniedException` if STS refused, 400
  /// `MaxRolesExceeded`, or what kept STS from answering.
  Task<Result<std::shared_ptr<Role>>> assume(std::string role_arn, TimePoint deadline);

  [[nodiscard]] std::size_t count() const { return counted_.size(); }

 private:
  [[nodiscard]] Fault too_many() const;

  Sts& sts_;
  CredentialsProvider& base_;
  AwsContext context_;
  Limits limits_;
  std::map<std::string, std::shared_ptr<Role>> counted_;
  std::map<std::string, std::weak_ptr<Role>> being_assumed_;
};

}  // namespace sma
