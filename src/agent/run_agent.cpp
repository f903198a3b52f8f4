#include "agent/run_agent.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/agent.h"
#include "agent/configuration/secret_variables.h"
#include "agent/configuration/ssrf_token.h"
#include "agent/lambda/lambda_agent.h"
#include "agent/lambda/lambda_extension.h"
#include "aws/profile_chain.h"
#include "aws/profile_files.h"
#include "base/random.h"
#include "http_client/http_client.h"
#include "os/child_process.h"
#include "os/event_loop.h"
#include "os/listening_socket.h"
#include "os/log_writer.h"
#include "os/resident_memory.h"
#include "os/sandbox.h"
#include "os/signals.h"

namespace sma {
namespace {

constexpr const char* kLogFolder = "logs";
// Besides clients: calls to AWS and their resolvers, files, the loop's own.
constexpr std::size_t kOtherDescriptors = 64;
constexpr std::size_t kExtraConnections = 16;

int complain(const std::string& message) {
  std::fprintf(stderr, "secrets-manager-agent: %s\n", message.c_str());
  return 1;
}

/// Who watches the log learns of it, and who started the agent.
int refuse(const Fault& fault, Log& log, LogWriter& writer) {
  log.error(fault.message);
  writer.flush_at_end();
  return complain(fault.message);
}

/// Lowers `max_conn` to what the descriptors suffice for.
void fit_connections(Settings& settings, Log& log) {
  const std::size_t descriptors = raise_descriptor_limit();
  const std::size_t reserved = kOtherDescriptors + kExtraConnections;
  const std::size_t room = descriptors > reserved ? descriptors - reserved : 1;
  if (settings.max_conn <= room) return;
  log.warn("the limit of open files is too low for max_conn, which is lowered",
           {{"limit", descriptors}, {"max_conn", settings.max_conn}, {"lowered_to", room}});
  settings.max_conn = room;
}

bool runs_a_program_for_credentials(const Settings& settings, const Environment& environment, const Files& files) {
  if (!settings.credentials_file_path.empty()) return false;
  const auto profile = read_profile_files(environment, files);
  if (!profile.ok()) return false;
  const auto chain = resolve_profile_chain(*profile);
  return chain.ok() && chain->base == ProfileChain::Base::credential_process;
}

void install_sandbox(const Settings& settings, const Environment& environment, const Files& files, Log& log) {
  if (!settings.sandbox) return log.info("the sandbox is switched off (sandbox = false)");
  if (runs_a_program_for_credentials(settings, environment, files))
    return log.warn("no sandbox: the active profile has a credential_process, which must be run");
  Sandbox sandbox;
  if (settings.log_to_file) sandbox.writable_folders.emplace_back(kLogFolder);
  if (auto folder = ssrf_token_folder(settings.ssrf_env_variables, environment))
    sandbox.writable_folders.push_back(std::move(*folder));
  const std::string missing = sandbox.install();
  if (!missing.empty()) log.warn("the sandbox is not complete", {{"reason", missing}});
}

std::string start_line(bool as_version_3, std::uint16_t port) {
  return std::string(as_version_3 ? "Secrets Manager Provider/" : "Agent/") + SMA_VERSION +
         " listening on http://127.0.0.1:" + std::to_string(port);
}

void print_line(std::string line) {
  line += '\n';
  // Standard output may be closed, or a pipe nobody reads: neither is a reason not to serve.
  pollfd asked{STDOUT_FILENO, POLLOUT, 0};
  if (poll(&asked, 1, 0) != 1 || (asked.revents & POLLOUT) == 0) return;
  while (write(STDOUT_FILENO, line.data(), line.size()) < 0 && errno == EINTR) continue;
}

class Reaper final : public Runnable {
 public:
  explicit Reaper(ChildProcesses& processes) : processes_(processes) {}
  void run() override { processes_.reap_strangers(); }

 private:
  ChildProcesses& processes_;
};

class StopLoop final : public Runnable {
 public:
  explicit StopLoop(EventLoop& loop) : loop_(loop) {}
  void run() override { loop_.stop(); }

 private:
  EventLoop& loop_;
};

/// What every client needs to be there.
struct Opened {
  SharedBytes token;
  ListeningSocket listener;
};

Result<Opened> open_up(const CommandLine& command_line, const Settings& settings, const Environment& environment,
                       const Files& files, Random& random) {
  if (command_line.create_token) {
    const auto created = create_ssrf_token(settings.ssrf_env_variables, environment, random, command_line.token_group);
    if (!created.ok()) return created.fault();
  }
  auto token = find_ssrf_token(settings.ssrf_env_variables, environment, files);
  if (!token.ok()) return token.fault();
  auto listener = listen_on_loopback(settings.http_port);
  if (!listener.ok()) return listener.fault();
  return Opened{std::move(*token), std::move(*listener)};
}

/// The start line is the first on standard output: a log that goes there waits for it.
Task<void> announce(Event* ready, std::string line, EventLoop* loop, LogWriter* writer, Log* log) {
  co_await ready->wait();
  print_line(line);
  log->info(line);
  loop->set_end_of_turn(writer);
  release_start_up_pages();
}

/// Makes the agent, and has it announced when it is ready.
class AnnouncedAgent final : public AgentMaker, public Runnable {
 public:
  AnnouncedAgent(const CommandLine& command_line, Settings settings, AgentParts parts, LogWriter& writer,
                 std::optional<Result<Opened>> opened)
      : command_line_(command_line),
        settings_(std::move(settings)),
        parts_(parts),
        writer_(writer),
        opened_(std::move(opened)) {}

  Result<Agent*> make_agent() override {
    if (!opened_) {
      // Made late, in one of many processes that go on from one snapshot: each needs random numbers of its own.
      HttpClient::renew_randomness();
      opened_ = open_up(command_line_, settings_, parts_.environment, parts_.files, parts_.random);
    }
    if (!opened_->ok()) return opened_->fault();
    install_sandbox(settings_, parts_.environment, parts_.files, parts_.log);
    const std::uint16_t port = (*opened_)->listener.port;
    agent_.emplace(parts_, AgentStart{.settings = std::move(settings_),
                                      .as_version_3 = command_line_.as_version_3,
                                      .token = std::move((*opened_)->token),
                                      .listener = std::move((*opened_)->listener)});
    announcing_ =
        announce(&agent_->ready(), start_line(command_line_.as_version_3, port), &parts_.loop, &writer_, &parts_.log);
    announcing_.start(parts_.loop);
    return &*agent_;
  }

  /// The process goes on after it was stopped.
  void run() override {
    if (agent_) agent_->thaw();
  }

 private:
  const CommandLine& command_line_;
  Settings settings_;
  AgentParts parts_;
  LogWriter& writer_;
  std::optional<Result<Opened>> opened_;
  std::optional<Agent> agent_;
  Task<void> announcing_;
};

int run_to_its_end(EventLoop& loop, Task<int> life) {
  StopLoop stop_loop(loop);
  life.start(loop, &stop_loop);
  loop.run();
  return life.take();
}

/// How Lambda wants it, where it does.
struct LambdaStart {
  std::string_view api;  ///< empty: not as an extension
  bool snap_start = false;
};

LambdaStart lambda_start(const CommandLine& command_line, const Environment& environment,
                         std::vector<std::string>& warnings) {
  if (!command_line.lambda) return {};
  const std::string_view api = environment.get_or("AWS_LAMBDA_RUNTIME_API", "");
  if (api.empty()) {
    warnings.emplace_back(
        "no Lambda extension: AWS_LAMBDA_RUNTIME_API is not set; the agent runs as it does elsewhere");
    return {};
  }
  return {api, environment.get_or("AWS_LAMBDA_INITIALIZATION_TYPE", "") == "snap-start"};
}

int run_plainly(AgentMaker& maker, EventLoop& loop, Event& stop) {
  const Result<Agent*> agent = maker.make_agent();
  if (!agent.ok()) return complain(agent.fault().message);
  const int exit_code = run_to_its_end(loop, (*agent)->run(stop));
  if (!(*agent)->problem().empty()) complain((*agent)->problem());
  return exit_code;
}

int run_in_lambda(AgentMaker& maker, const AgentParts& parts, const LambdaStart& start, const std::string& name,
                  Event& stop) {
  // Lambda's API is on this machine; a client of its own keeps it out of the way of calls to AWS, and of their pool.
  HttpClientSettings settings;
  settings.user_agent = "secrets-manager-agent/" SMA_VERSION;
  HttpClient http(parts.loop, std::move(settings));
  LambdaExtension extension(http, parts.loop, start.api, name);
  LambdaAgent agent(parts.loop, extension, maker, parts.log, start.snap_start);
  const int exit_code = run_to_its_end(parts.loop, agent.run(stop));
  if (!agent.problem().empty()) complain(agent.problem());
  return exit_code;
}

}  // namespace

int run_agent(const CommandLine& command_line, LoadedSettings loaded, Environment& environment, const Files& files) {
  Signals::block();
  Settings& settings = loaded.settings;
  protect_secret_variables(environment, settings);
  const LambdaStart lambda = lambda_start(command_line, environment, loaded.warnings);
  const bool in_lambda = !lambda.api.empty();
  if (in_lambda) settings.log_to_file = false;

  const SystemClocks clocks;
  EventLoop loop(clocks);
  std::optional<LogWriter> writer;
  if (settings.log_to_file) {
    writer.emplace(loop, kLogFolder, command_line.as_version_3 ? "secrets_manager_provider" : "secrets_manager_agent");
  } else {
    writer.emplace(loop, STDOUT_FILENO);
  }
  Log log(&*writer, settings.log_level);
  SystemRandom random;
  std::optional<Result<Opened>> opened;
  if (!lambda.snap_start) opened = open_up(command_line, settings, environment, files, random);
  // Of an extension Lambda wants to be told, which it can be once it knows it.
  if (!in_lambda && !opened->ok()) return refuse(opened->fault(), log, *writer);

  if (settings.log_to_file) loop.set_end_of_turn(&*writer);
  if (!writer->usable()) log.warn("no log file; lines go to standard error", {{"reason", writer->problem()}});
  for (const std::string& warning : loaded.warnings) log.warn(warning);
  fit_connections(settings, log);
  log_settings(log, settings);
  HttpClient::prepare_process();

  Signals signals(loop);
  ChildProcesses processes(loop);
  Reaper reaper(processes);
  signals.on_child_ended(reaper);
  loop.post(reaper);  // whoever ended before, under a shell whose place we took
  int exit_code = 1;
  {
    const AgentParts parts{
        .loop = loop, .environment = environment, .files = files, .processes = processes, .random = random, .log = log};
    AnnouncedAgent announced(command_line, std::move(settings), parts, *writer, std::move(opened));
    signals.on_continued(announced);
    exit_code = in_lambda ? run_in_lambda(announced, parts, lambda, command_line.program_name, signals.stop_asked())
                          : run_plainly(announced, loop, signals.stop_asked());
  }
  writer->flush_at_end();
  return exit_code;
}

}  // namespace sma
