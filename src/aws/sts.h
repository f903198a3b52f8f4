#pragma once

#include <optional>
#include <string>

#include "aws/credentials/credentials.h"
#include "base/result.h"
#include "base/task.h"
#include "base/wiped_bytes.h"

namespace sma {

struct AssumeRoleRequest {
  std::string role_arn;
  std::string session_name;
  std::string external_id{};          ///< empty: none
  std::optional<Seconds> duration{};  ///< none: AWS's default, an hour
  std::string on_behalf_of{};         ///< see ClientRequest
  bool assumed_before = false;        ///< a refusal revokes the role, see ApiCall
};

struct CallerIdentity {
  std::string account;
  std::string arn;
};

/// The Security Token Service's calls, with retries and clock skew inside. Faults: AWS's own refusal (`denied`,
/// `expired`, `throttled`), or `transient`. Source: AWS STS API Reference (Query protocol, version 2011-06-15).
class Sts {
 public:
  virtual ~Sts() = default;
  virtual Task<Result<CallerIdentity>> get_caller_identity(CredentialsProvider& credentials, TimePoint deadline) = 0;
  virtual Task<Result<Credentials>> assume_role(AssumeRoleRequest request, CredentialsProvider& base,
                                                TimePoint deadline) = 0;
  /// Unsigned: the token is the proof.
  virtual Task<Result<Credentials>> assume_role_with_web_identity(AssumeRoleRequest request, WipedBytes token,
                                                                  TimePoint deadline) = 0;
};

}  // namespace sma
