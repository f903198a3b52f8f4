#include "aws/credentials/default_chain.h"

namespace sma {

DefaultChain::DefaultChain(Parts parts)
    : environment_(parts.environment),
      web_identity_(parts.environment, parts.files, parts.sts, parts.clock),
      container_(parts.environment, parts.files, parts.http, parts.scheduler, parts.random),
      instance_metadata_(parts.metadata, parts.clock, parts.random, parts.log),
      profile_({.environment = parts.environment,
                .files = parts.files,
                .http = parts.http,
                .sts = parts.sts,
                .processes = parts.processes,
                .scheduler = parts.scheduler,
                .clock = parts.clock,
                .random = parts.random,
                .log = parts.log,
                .environment_source = environment_,
                .instance_metadata_source = instance_metadata_,
                .container_source = container_}),
      chain_({&environment_, &profile_, &web_identity_, &container_, &instance_metadata_}, parts.log) {}

}  // namespace sma
