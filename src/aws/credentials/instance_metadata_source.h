#pragma once

#include <optional>

#include "aws/aws_clock.h"
#include "aws/credentials/credentials.h"
#include "aws/instance_metadata.h"
#include "base/log.h"
#include "base/random.h"

namespace sma {

/// The credentials of an EC2 instance's role. Expired ones stay in use 10 to 15 minutes more, with a warning, where the
/// service cannot renew them or itself hands out expired ones. Source: AWS SDKs and Tools Reference Guide, "IMDS
/// credential provider"; what it calls static stability.
class InstanceMetadataSource final : public CredentialsSource {
 public:
  InstanceMetadataSource(InstanceMetadata& metadata, const AwsClock& clock, Random& random, Log& log)
      : metadata_(metadata), clock_(clock), random_(random), log_(log) {}

  Task<Result<Credentials>> load(TimePoint deadline) override;
  [[nodiscard]] std::string_view name() const override { return "instance metadata"; }

 private:
  Task<Result<Credentials>> ask(TimePoint deadline);
  [[nodiscard]] Result<Credentials> read(WipedBytes body) const;
  [[nodiscard]] bool expires_soon(const Credentials& credentials) const;
  /// A copy that counts as valid for 10 to 15 minutes more.
  [[nodiscard]] Credentials prolonged(const Credentials& credentials, std::string_view reason);

  InstanceMetadata& metadata_;
  const AwsClock& clock_;
  Random& random_;
  Log& log_;
  std::optional<Credentials> last_;
};

}  // namespace sma
