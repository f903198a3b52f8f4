#pragma once

#include "aws/credentials/chain.h"
#include "aws/credentials/container_source.h"
#include "aws/credentials/environment_source.h"
#include "aws/credentials/instance_metadata_source.h"
#include "aws/credentials/profile_source.h"
#include "aws/credentials/web_identity_source.h"
#include "aws/instance_metadata.h"

namespace sma {

/// The places an SDK looks for credentials in, in order: environment, shared files, web identity, container, instance
/// metadata.
class DefaultChain final : public CredentialsSource {
 public:
  /// All must outlive this object.
  DefaultChain(const Surroundings& surroundings, Sts& sts, ProcessRunner& processes, InstanceMetadata& metadata,
               const AwsContext& context);

  Task<Result<Credentials>> load(TimePoint deadline) override { return chain_.load(deadline); }
  [[nodiscard]] std::string_view name() const override { return chain_.name(); }

 private:
  EnvironmentSource environment_;
  WebIdentitySource web_identity_;
  ContainerSource container_;
  InstanceMetadataSource instance_metadata_;
  ProfileSource profile_;
  ChainSource chain_;
};

}  // namespace sma
