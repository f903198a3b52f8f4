#include "aws/credentials/credential_process.h"

#include <algorithm>

#include "aws/credentials/command_line.h"
#include "aws/credentials/json_credentials.h"

namespace sma {
namespace {

constexpr Seconds kTime{60};
constexpr CredentialsForm kForm{.session_token = "SessionToken", .expiration = CredentialsForm::Expiration::optional};

}  // namespace

Task<Result<Credentials>> run_credential_process(ProcessRunner* runner, Environment environment,
                                                 const Scheduler* scheduler, std::string command, TimePoint deadline) {
  auto words = split_command(command);
  if (!words || words->empty()) co_return Fault::internal("credential_process has an open quote or no program");
  const std::string program = words->front();
  auto running = runner->run(std::move(*words), std::move(environment), std::min(deadline, scheduler->now() + kTime));
  auto output = co_await std::move(running);
  if (!output.ok()) co_return std::move(output.fault());
  if (output->exit_status != 0)
    co_return Fault::internal("credential_process " + program + " ended with status " +
                              std::to_string(output->exit_status));
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
