#include "aws/credentials/default_chain.h"

namespace sma {

DefaultChain::DefaultChain(const Surroundings& surroundings, Sts& sts, ProcessRunner& processes,
                           InstanceMetadata& metadata, const AwsContext& context)
    : environment_(surroundings.environment),
      web_identity_(surroundings.environment, surroundings.files, sts, context.clock),
      container_(surroundings, context),
      instance_metadata_(metadata, context),
      profile_(surroundings, sts, processes, {environment_, instance_metadata_, container_}, context),
      chain_({&environment_, &profile_, &web_identity_, &container_, &instance_metadata_}, context.log) {}

}  // namespace sma
