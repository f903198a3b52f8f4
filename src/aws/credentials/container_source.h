#pragma once

#include <optional>
#include <string>

#include "aws/credentials/credentials.h"
#include "base/environment.h"
#include "base/files.h"
#include "base/random.h"
#include "base/scheduler.h"
#include "http_client/http_client.h"

namespace sma {

/// The container credentials endpoint, which is there for ECS tasks and for EKS pods ("Pod Identity"):
/// `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` on 169.254.170.2, else `AWS_CONTAINER_CREDENTIALS_FULL_URI`, with
/// `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE` (read at every call) or `AWS_CONTAINER_AUTHORIZATION_TOKEN`.
/// Source: AWS SDKs and Tools Reference Guide, "Container credential provider".
class ContainerSource final : public CredentialsSource {
 public:
  ContainerSource(const Environment& environment, const Files& files, HttpTransport& http, Scheduler& scheduler,
                  Random& random)
      : environment_(environment), files_(files), http_(http), scheduler_(scheduler), random_(random) {}

  Task<Result<Credentials>> load(TimePoint deadline) override;
  [[nodiscard]] std::string_view name() const override { return "container"; }

 private:
  [[nodiscard]] Result<std::string> url() const;
  /// None where the environment names no token.
  [[nodiscard]] Result<std::optional<WipedBytes>> authorization() const;
  Task<Result<Credentials>> attempt(std::string url, TimePoint deadline);

  const Environment& environment_;
  const Files& files_;
  HttpTransport& http_;
  Scheduler& scheduler_;
  Random& random_;
};

}  // namespace sma
