#pragma once

#include "aws/credentials/credentials.h"
#include "base/environment.h"

namespace sma {

/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, optionally, `AWS_SESSION_TOKEN`, without white space around them.
/// One half of the pair is a fault. `SECRET_ACCESS_KEY` stands in for the second if that is not set. Source: the
/// environment provider of the AWS SDK for Rust.
class EnvironmentSource final : public CredentialsSource {
 public:
  explicit EnvironmentSource(const Environment& environment) : environment_(environment) {}

  Task<Result<Credentials>> load(TimePoint deadline) override;
  [[nodiscard]] std::string_view name() const override { return "environment"; }

 private:
  const Environment& environment_;
};

}  // namespace sma
