#pragma once

#include "aws/credentials/credentials.h"
#include "base/environment.h"

namespace sma {

/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, optionally, `AWS_SESSION_TOKEN`. One half of the pair is a fault.
class EnvironmentSource final : public CredentialsSource {
 public:
  explicit EnvironmentSource(const Environment& environment) : environment_(environment) {}

  Task<Result<Credentials>> load(TimePoint deadline) override;
  [[nodiscard]] std::string_view name() const override { return "environment"; }

 private:
  const Environment& environment_;
};

}  // namespace sma
