#include "aws/credentials/credential_process.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/credentials/command_line.h"
#include "aws/credentials/json_credentials.h"

namespace sma {
namespace {

constexpr Seconds kTime{60};
constexpr CredentialsForm kForm{.session_token = "SessionToken", .expiration = CredentialsForm::Expiration::optional};

constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;

/// Looks where `ProcessRunner` does.
bool has_shell(std::string_view path, const Files& files) {
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    const std::string file = std::string(begin == end ? "." : path.substr(begin, end - begin)) + "/sh";
    if (files.exists(file) && !files.is_folder(file)) return true;
    begin = end + 1;
  }
  return false;
}

Result<std::vector<std::string>> arguments_of(std::string_view command, bool by_shell) {
  if (by_shell) return std::vector<std::string>{"sh", "-c", std::string(command)};
  if (const auto syntax = shell_syntax(command))
    return Fault::internal("credential_process needs a shell for its " + std::string(*syntax) +
                           ", and there is no sh in PATH");
  auto words = split_command(command);
  if (!words || words->empty()) return Fault::internal("credential_process has an open quote or no program");
  return std::move(*words);
}

std::string ended_with(int status, bool by_shell) {
  std::string text = " ended with status " + std::to_string(status);
  if (by_shell && status == kNotFound) text += ": sh did not find it";
  if (by_shell && status == kNotExecutable) text += ": sh could not execute it";
  return text;
}

}  // namespace

Task<Result<Credentials>> run_credential_process(ProcessRunner* runner, const Files* files, Environment environment,
                                                 const Scheduler* scheduler, std::string command, TimePoint deadline) {
  auto looking = files->ask<bool>("the folders of PATH",
                                  [path = std::string(environment.get_or("PATH", "/bin:/usr/bin"))](
                                      const Files& asked) -> Result<bool> { return has_shell(path, asked); });
  const Result<bool> found = co_await std::move(looking);
  if (!found.ok()) co_return found.fault();
  const bool by_shell = *found;
  auto arguments = arguments_of(command, by_shell);
  if (!arguments.ok()) co_return std::move(arguments.fault());
  const std::string program = program_of(command);
  auto running =
      runner->run(std::move(*arguments), std::move(environment), std::min(deadline, scheduler->now() + kTime));
  auto output = co_await std::move(running);
  if (!output.ok()) {
    if (by_shell) output.fault().message = "credential_process " + program + ": " + output.fault().message;
    co_return std::move(output.fault());
  }
  if (output->exit_status != 0)
    co_return Fault::internal("credential_process " + program + ended_with(output->exit_status, by_shell));
  const auto answer = JsonDocument::parse(std::move(output->output));
  if (!answer || !answer->root().is_object())
    co_return Fault::internal("credential_process " + program + " printed no JSON object");
  if (value_in_any_case(answer->root(), "Version").number() != "1")
    co_return Fault::internal("credential_process " + program + " printed no Version 1");
  auto credentials = read_credentials(answer->root(), kForm, "credential_process");
  if (!credentials.ok())
    credentials.fault().message = "credential_process " + program + ": " + credentials.fault().message;
  co_return credentials;
}

}  // namespace sma
