#include "agent/process_agent.h"

#include <utility>

#include "agent/agent_sandbox.h"
#include "agent/files/file_setup.h"
#include "agent/own_requests.h"
#include "agent/start_line.h"
#include "http_client/http_client.h"
#include "os/resident_memory.h"

namespace sma {

ProcessAgent::ProcessAgent(const CommandLine& command_line, Settings settings, AgentParts parts, AgentOutput& output,
                           std::optional<Result<ClientAccess>> access)
    : command_line_(command_line),
      settings_(std::move(settings)),
      parts_(parts),
      output_(output),
      access_(std::move(access)) {}

Result<Agent*> ProcessAgent::make_agent() {
  if (!access_) {
    // This is one of many processes that were copied from one snapshot: each needs random numbers of its own.
    HttpClient::renew_randomness();
    access_ = open_client_access(command_line_, settings_, parts_.environment, parts_.files, parts_.log);
  }
  if (!access_->ok()) return access_->fault();
  ClientAccess& access = **access_;
  auto files = plan_files(settings_.files, settings_.cache, command_line_.token_group, parts_.files);
  if (!files.ok()) return files.fault();
  const Result<Done> prepared = prepare_folders(*files, parts_.log);
  if (!prepared.ok()) return prepared.fault();
  if (const auto sandbox = choose_sandbox(settings_, parts_.environment, parts_.files, parts_.log)) {
    const Result<Done> installed = sandbox->install();
    if (!installed.ok()) parts_.log.warn("the sandbox is not complete", {{"reason", installed.fault().message}});
  }
  if (access.listening.ipv4.valid() && access.local.socket.valid())
    parts_.log.info("the agent also listens on unix:" + access.local.file.path());
  if (access.metrics.socket.valid())
    parts_.log.info("metrics are served at http://" + access.metrics.address.text() + std::string(kMetricsPath));
  if (!access.listening.no_ipv6.empty())
    parts_.log.info("no IPv6: the agent listens on 127.0.0.1 only", {{"reason", access.listening.no_ipv6}});
  agent_.emplace(parts_, AgentStart{.settings = std::move(settings_),
                                    .as_version_3 = command_line_.as_version_3,
                                    .token = std::move(access.token),
                                    .token_file = std::move(access.token_file),
                                    .listening = std::move(access.listening),
                                    .local = std::move(access.local),
                                    .files = std::move(*files),
                                    .metrics = std::move(access.metrics)});
  announcing_ = announce(start_line(command_line_.as_version_3, agent_->addresses().front()));
  announcing_.start(parts_.loop);
  return &*agent_;
}

/// The start line is the first one on standard output: a log that goes there waits for it.
Task<void> ProcessAgent::announce(std::string line) {
  co_await agent_->ready().wait();
  output_.announce(line, parts_.log);
  memory_lock_log_.look();
  release_start_up_pages();
}

}  // namespace sma
