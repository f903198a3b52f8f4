#include "agent/run_agent.h"

#include <optional>
#include <string>
#include <utility>

#include "agent/agent_output.h"
#include "agent/client_access.h"
#include "agent/configuration/secret_variables.h"
#include "agent/connection_limit.h"
#include "agent/lambda/lambda_agent.h"
#include "agent/lambda/lambda_extension.h"
#include "agent/lambda/lambda_start.h"
#include "agent/process_agent.h"
#include "http_client/http_client.h"
#include "os/blocking_calls.h"
#include "os/child_process.h"
#include "os/clone3.h"
#include "os/descriptor_limit.h"
#include "os/event_loop.h"
#include "os/run_task.h"
#include "os/service_manager.h"
#include "os/signals.h"
#include "os/threaded_files.h"

namespace sma {
namespace {

Result<Done> run_plainly(AgentMaker& maker, const AgentParts& parts, Event& stop) {
  const Result<Agent*> agent = maker.make_agent();
  if (agent.ok()) return run_to_its_end(parts.loop, (*agent)->run(stop));
  parts.log.error(agent.fault().message);
  return agent.fault();
}

Result<Done> run_in_lambda(AgentMaker& maker, const AgentParts& parts, const LambdaStart& start,
                           const std::string& name, Event& stop) {
  // Lambda's API is on this machine. With its own client, its calls do not share a pool or a limit with calls to AWS.
  HttpClientSettings settings;
  settings.user_agent = "secrets-manager-agent/" SMA_VERSION;
  NameLookup names(parts.loop, parts.blocking_calls);
  HttpClient http(parts.loop, names, parts.files, parts.log, std::move(settings));
  LambdaExtension extension(http, parts.loop, start.api, name);
  LambdaAgent agent(parts.loop, extension, maker, parts.log, start.snap_start);
  return run_to_its_end(parts.loop, agent.run(stop));
}

}  // namespace

int run_agent(const CommandLine& command_line, LoadedSettings loaded, Environment& environment, Files& files) {
  Signals::block();
  hide_forbidden_clone3();
  Settings& settings = loaded.settings;
  protect_secret_variables(environment, settings);
  const auto lambda = command_line.lambda ? lambda_start(environment) : std::nullopt;
  if (lambda) settings.log_to_file = false;

  const SystemClocks clocks;
  EventLoop loop(clocks);
  BlockingCalls calls(loop);
  AgentOutput output(loop, calls, settings, command_line.as_version_3);
  Log log(&output.log(), settings.log_level, settings.log_format);
  Log errors(output.errors(), LogLevel::error, settings.log_format);
  // With SnapStart nothing is opened before the snapshot.
  std::optional<Result<ClientAccess>> access;
  if (!lambda || !lambda->snap_start) access = open_client_access(command_line, settings, environment, files, log);
  // An extension reports this fault to Lambda, after it has registered.
  if (!lambda && !access->ok()) {
    log.error(access->fault().message);
    const int exit_code = output.report(access->fault());
    output.flush_at_end();
    return exit_code;
  }

  if (output.fault()) log.warn("no log file; lines go to standard error", {{"reason", output.fault()->message}});
  for (const std::string& warning : loaded.warnings) log.warn(warning);
  for (const std::string& remark : loaded.remarks) log.info(remark);
  if (command_line.lambda && !lambda)
    log.warn("no Lambda extension: AWS_LAMBDA_RUNTIME_API is not set; the agent runs as it does elsewhere");
  settings.max_conn = fitting_connections(settings, raise_descriptor_limit(), log);
  log_settings(log, settings);
  HttpClient::prepare_process();

  Signals signals(loop);
  ChildProcesses processes(loop, calls);
  const ServiceManager service_manager(environment);
  ThreadedFiles threaded_files(loop, calls);
  int exit_code = 0;
  {
    const AgentParts parts{.loop = loop,
                           .environment = environment,
                           .files = threaded_files,
                           .processes = processes,
                           .service_manager = service_manager,
                           .blocking_calls = calls,
                           .log = log,
                           .errors = output.errors() == nullptr ? nullptr : &errors};
    ProcessAgent agent(command_line, std::move(settings), parts, output, std::move(access));
    MemberRunnable<&ProcessAgent::resumed> resumed(agent);
    signals.on_continued(resumed);
    MemberRunnable<&ProcessAgent::expire_secrets> expire_secrets(agent);
    signals.on_hangup(expire_secrets);
    const Result<Done> ended =
        lambda ? run_in_lambda(agent, parts, *lambda, command_line.program_name, signals.stop_asked())
               : run_plainly(agent, parts, signals.stop_asked());
    if (!ended.ok()) exit_code = output.report(ended.fault());
  }
  output.flush_at_end();
  return exit_code;
}

}  // namespace sma
