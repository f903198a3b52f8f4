#include "agent/client/exec_command.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/client/command_environment.h"
#include "agent/client/secret_fetch.h"
#include "base/log.h"

namespace sma {
namespace {

constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;
/// Their values are credentials of the application, not only the agent's token.
constexpr std::string_view kOfTheSdk[] = {"AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"};

void report(const std::string& message) { std::fprintf(stderr, "secrets-manager-agent: %s\n", message.c_str()); }

std::vector<std::string> token_variables(const Settings& settings) {
  std::vector<std::string> names;
  for (const std::string& name : settings.ssrf_env_variables)
    if (std::ranges::find(kOfTheSdk, name) == std::end(kOfTheSdk)) names.push_back(name);
  return names;
}

std::span<const char* const> inherited_environment() {
  std::size_t count = 0;
  while (environ != nullptr && environ[count] != nullptr) ++count;
  return {environ, count};
}

/// The kernel ignores a signal that process 1 does not handle, so a container could not be stopped while it waits. The
/// command gets the default again.
void let_signals_end_process_1() {
  if (getpid() != 1) return;
  for (const int number : {SIGHUP, SIGINT, SIGTERM}) {
    struct sigaction action {};
    if (sigaction(number, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) continue;
    action.sa_handler = [](int signal) { _exit(128 + signal); };
    sigaction(number, &action, nullptr);
  }
}

/// The kernel's limit is on all of them together.
std::string too_large(const std::vector<const char*>& entries) {
  std::string_view largest;
  std::size_t sum = 0;
  for (const char* entry : entries) {
    if (entry == nullptr) break;
    const std::string_view text(entry);
    sum += text.size() + 1;
    if (text.size() > largest.size()) largest = text;
  }
  std::string message = "the environment is too large for the kernel: " + std::to_string(sum) +
                        " bytes, and with the arguments it may have a quarter of the stack's limit; the largest "
                        "variable is ";
  append_escaped(message, largest.substr(0, largest.find('=')));
  return message + " with " + std::to_string(largest.size()) + " bytes";
}

/// Returns only if the command could not be started.
int become(const std::vector<std::string>& command, const std::vector<const char*>& entries) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  std::vector<const char*> variables = entries;
  environ = const_cast<char**>(variables.data());  // the command is looked for in the PATH that it will have
  execvp(arguments[0], arguments.data());
  const int error = errno;
  if (error == E2BIG) {
    report(too_large(entries));
    return 1;
  }
  std::string message;
  append_escaped(message, command.front());
  report(message + ": " + std::strerror(error));
  return error == ENOENT || error == ENOTDIR ? kNotFound : kNotExecutable;
}

}  // namespace

int exec_command(const ExecRequest& request, const AgentAccess& access, const StartState& start_state) {
  let_signals_end_process_1();
  const std::vector<std::string> tokens = token_variables(access.settings);
  CommandEnvironment environment(inherited_environment(), request, tokens);
  if (const auto unreachable = AgentAddress(access).problem(); unreachable && !environment.secrets().empty()) {
    report(*unreachable);
    return 1;
  }
  // COMMAND will not run then. The other secrets are fetched once, without waiting, so that every failure is reported.
  const Seconds wait = environment.problems().empty() ? request.wait : Seconds(0);
  const std::vector<Result<WipedBytes>> answers = fetch_secrets(environment.secrets(), access, wait);
  environment.fill(answers);
  for (const std::string& warning : environment.warnings()) report(warning);
  for (const std::string& problem : environment.problems()) report(problem);
  if (!environment.problems().empty()) return 1;
  start_state.restore();
  return become(request.command, environment.entries());
}

}  // namespace sma
