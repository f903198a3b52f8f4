#pragma once

#include "aws/api_client.h"
#include "aws/endpoint.h"
#include "aws/sts.h"

namespace sma {

/// STS over the network, always the regional endpoint. Source: AWS STS API Reference.
class StsClient final : public Sts {
 public:
  /// `api` must outlive this object and its tasks.
  StsClient(ApiClient& api, Endpoint endpoint) : api_(api), endpoint_(std::move(endpoint)) {}

  Task<Result<CallerIdentity>> get_caller_identity(CredentialsProvider& credentials, TimePoint deadline) override;
  Task<Result<Credentials>> assume_role(AssumeRoleRequest request, CredentialsProvider& base,
                                        TimePoint deadline) override;
  Task<Result<Credentials>> assume_role_with_web_identity(AssumeRoleRequest request, WipedBytes token,
                                                          TimePoint deadline) override;

 private:
  [[nodiscard]] ApiCall make_call(std::string operation, std::string subject, WipedBytes body) const;
  /// `request`: what `call` asks for. `credentials` null: it is not signed.
  Task<Result<Credentials>> assume(AssumeRoleRequest request, ApiCall call, CredentialsProvider* credentials,
                                   TimePoint deadline);

  ApiClient& api_;
  Endpoint endpoint_;
};

}  // namespace sma
