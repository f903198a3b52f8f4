#include "tests/integration/support/agent_with_aws.h"

#include "tests/integration/support/secret_registry.h"

namespace sma::integration {

AgentWithAws::AgentWithAws(Variables variables, AgentSettings settings, standin::StandinOptions options)
    : aws(std::move(options)), settings_(std::move(settings)) {
  for (const auto& [name, value] : aws.environment()) settings_.environment.emplace(name, value);
  for (auto& [name, value] : variables) settings_.environment[name] = std::move(value);
}

AgentWithAws::~AgentWithAws() {
  aws.clear_faults();
  SecretRegistry::of_this_run().add_all_of(aws);
  SecretRegistry::names_of_this_run().add_names_of(aws);
}

AgentProcess& AgentWithAws::agent() {
  if (!agent_) {
    agent_.emplace(settings_);
    agent_->wait_until_listening();
  }
  return *agent_;
}

int AgentWithAws::stop() {
  aws.clear_faults();
  return agent().stop();
}

std::string member(const std::string& json, const std::string& name) {
  const auto parsed = standin::Json::parse(json);
  return parsed ? (*parsed)[name].text_or("") : "";
}

}  // namespace sma::integration
