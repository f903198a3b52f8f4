#pragma once

#include <optional>

#include "aws/aws_context.h"
#include "aws/credentials/credentials.h"
#include "aws/instance_metadata.h"

namespace sma {

/// The credentials of an EC2 instance's role. Expired ones stay in use 10 to 15 minutes more, with a warning, if the
/// service cannot renew them or itself returns expired ones. Source: AWS SDKs and Tools Reference Guide, "IMDS
/// credential provider"; what it calls static stability.
class InstanceMetadataSource final : public CredentialsSource {
 public:
  InstanceMetadataSource(InstanceMetadata& metadata, const AwsContext& context)
      : metadata_(metadata), context_(context) {}

  Task<Result<Credentials>> load(TimePoint deadline) override;
  [[nodiscard]] std::string_view name() const override { return "instance metadata"; }

 private:
  Task<Result<Credentials>> ask(TimePoint deadline);
  [[nodiscard]] Result<Credentials> read(WipedBytes body) const;
  [[nodiscard]] bool expires_soon(const Credentials& credentials) const;
  /// A copy that counts as valid for 10 to 15 minutes more.
  [[nodiscard]] Credentials prolonged(const Credentials& credentials, std::string_view reason);

  InstanceMetadata& metadata_;
  AwsContext context_;
  std::optional<Credentials> last_;
};

}  // namespace sma
