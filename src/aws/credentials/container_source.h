#pragma once

#include <optional>
#include <string>

#include "aws/aws_context.h"
#include "aws/credentials/credentials.h"

namespace sma {

/// The container credentials endpoint, which is there for ECS tasks and for EKS pods ("Pod Identity"):
/// `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` on 169.254.170.2, else `AWS_CONTAINER_CREDENTIALS_FULL_URI`, with
/// `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE` (read at every call) or `AWS_CONTAINER_AUTHORIZATION_TOKEN`.
/// Source: AWS SDKs and Tools Reference Guide, "Container credential provider".
class ContainerSource final : public CredentialsSource {
 public:
  ContainerSource(const Surroundings& surroundings, const AwsContext& context)
      : surroundings_(surroundings), context_(context) {}

  Task<Result<Credentials>> load(TimePoint deadline) override;
  [[nodiscard]] std::string_view name() const override { return "container"; }

 private:
  [[nodiscard]] Result<std::string> url() const;
  /// None if the environment names no token.
  Task<Result<std::optional<WipedBytes>>> authorization() const;
  Task<Result<Credentials>> attempt(std::string url, TimePoint deadline);

  Surroundings surroundings_;
  AwsContext context_;
};

}  // namespace sma
