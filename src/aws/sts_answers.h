#pragma once

#include "aws/credentials/credentials.h"
#include "aws/sts.h"
#include "base/result.h"
#include "base/wiped_bytes.h"

namespace sma {

/// Reads STS's XML answers. One that lacks what it should hold is a transient `ConnectionError`. Source: AWS STS API
/// Reference, version 2011-06-15.
[[nodiscard]] Result<CallerIdentity> read_caller_identity(WipedBytes body);
/// AssumeRole's answer, and AssumeRoleWithWebIdentity's.
struct AssumedRole {
  Credentials credentials;  ///< without `source`
  std::string user_arn;     ///< `AssumedRoleUser/Arn`; empty if STS sent none
};
[[nodiscard]] Result<AssumedRole> read_assumed_role(WipedBytes body);

}  // namespace sma
