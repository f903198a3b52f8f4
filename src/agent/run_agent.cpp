#include "agent/run_agent.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <string>

#include "agent/agent.h"
#include "agent/resident_memory.h"
#include "agent/sandbox.h"
#include "agent/ssrf_token.h"
#include "aws/profile_chain.h"
#include "aws/profile_files.h"
#include "base/random.h"
#include "http_client/http_client.h"
#include "net/child_process.h"
#include "net/event_loop.h"
#include "net/listening_socket.h"
#include "net/log_writer.h"
#include "net/signals.h"

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
  if (std::string folder = ssrf_token_folder(settings.ssrf_env_variables, environment); !folder.empty())
    sandbox.writable_folders.push_back(std::move(folder));
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

/// The start line is the first on standard output: a log that goes there waits for it.
Task<void> announce(Event* ready, std::string line, EventLoop* loop, LogWriter* writer, Log* log) {
  co_await ready->wait();
  print_line(line);
  log->info(line);
  loop->set_end_of_turn(writer);
  release_start_up_pages();
}

}  // namespace

int run_agent(const CommandLine& command_line, LoadedSettings loaded, const Environment& environment,
              const Files& files) {
  Settings& settings = loaded.settings;
  SystemRandom random;
  if (command_line.create_token) {
    const auto created = create_ssrf_token(settings.ssrf_env_variables, environment, random, command_line.token_group);
    if (!created.ok()) return complain(created.fault().message);
  }
  auto token = find_ssrf_token(settings.ssrf_env_variables, environment, files);
  if (!token.ok()) return complain(token.fault().message);
  auto listener = listen_on_loopback(settings.http_port);
  if (!listener.ok()) return complain(listener.fault().message);

  Signals::block();
  const SystemClocks clocks;
  EventLoop loop(clocks);
  std::optional<LogWriter> writer;
  if (settings.log_to_file) {
    writer.emplace(loop, kLogFolder, command_line.as_version_3 ? "secrets_manager_provider" : "secrets_manager_agent");
  } else {
    writer.emplace(loop, STDOUT_FILENO);
  }
  if (settings.log_to_file) loop.set_end_of_turn(&*writer);
  Log log(&*writer, settings.log_level);
  if (!writer->usable()) log.warn("no log file; lines go to standard error", {{"reason", writer->problem()}});
  for (const std::string& warning : loaded.warnings) log.warn(warning);
  fit_connections(settings, log);
  HttpClient::prepare_process();
  install_sandbox(settings, environment, files, log);

  Signals signals(loop);
  ChildProcesses processes(loop);
  Reaper reaper(processes);
  signals.on_child_ended(reaper);
  int exit_code = 0;
  {
    const std::uint16_t port = listener->port;
    Agent agent({.loop = loop,
                 .environment = environment,
                 .files = files,
                 .processes = processes,
                 .random = random,
                 .log = log},
                {.settings = std::move(settings),
                 .as_version_3 = command_line.as_version_3,
                 .token = std::move(*token),
                 .listener = std::move(*listener)});
    Task<void> announcing =
        announce(&agent.ready(), start_line(command_line.as_version_3, port), &loop, &*writer, &log);
    announcing.start(loop);
    StopLoop stop_loop(loop);
    Task<int> running = agent.run(signals.stop_asked());
    running.start(loop, &stop_loop);
    loop.run();
    exit_code = running.take();
    if (!agent.problem().empty()) complain(agent.problem());
  }
  writer->flush();
  return exit_code;
}

}  // namespace sma
