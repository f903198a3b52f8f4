#include "agent/client/own_client.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>

#include "agent/client/agent_token.h"
#include "agent/client/loopback_client.h"
#include "agent/client/secret_fetch.h"
#include "agent/client/status_table.h"
#include "agent/own_requests.h"
#include "agent/reference/secret_text.h"

namespace sma {
namespace {

constexpr Seconds kHealthTime{3};
constexpr Seconds kAnswerTime{65};  // a little longer than the agent lets a client wait
constexpr Milliseconds kRetryTime{100};
constexpr Seconds kWatchTime{2};

void report(const std::string& message) { std::fprintf(stderr, "secrets-manager-agent: %s\n", message.c_str()); }

int fail(const std::string& message) {
  report(message);
  return 1;
}

void pause(Nanoseconds time) {
  const auto seconds = std::chrono::duration_cast<Seconds>(time);
  const timespec wanted{seconds.count(), (time - seconds).count()};
  nanosleep(&wanted, nullptr);
}

int print(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return fail("standard output cannot be written");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

/// On a terminal the next prompt begins on a line of its own.
int print_text(std::string_view text) {
  const int failed = print(text);
  return failed == 0 && !text.ends_with('\n') && isatty(STDOUT_FILENO) == 1 ? print("\n") : failed;
}

std::string target_of(const GetRequest& request) {
  return secret_target({request.secret_id, request.version_id, request.version_stage, request.role_arn}) +
         (request.refresh ? "&refreshNow=true" : "");
}

/// What another try may answer otherwise: a token that was just written, a role that was just allowed, too many
/// clients, and faults of the agent or of AWS.
/// Tries until the token and the agent are there and the answer is final, or the time is up.
Result<LoopbackAnswer> ask_with_retries(const GetRequest& request, const AgentAddress& address, AgentToken& token) {
  const SystemClocks clocks;
  const TimePoint end = clocks.boot_now() + request.wait;
  for (;;) {
    const auto field = token.read();
    Result<LoopbackAnswer> answer =
        field.ok() ? ask_agent(address, target_of(request), *field, clocks, clocks.boot_now() + kAnswerTime)
                   : Result<LoopbackAnswer>(field.fault());
    if ((answer.ok() && !may_change(answer->status)) || clocks.boot_now() + kRetryTime > end) return answer;
    pause(kRetryTime);
  }
}

int fail_taken(std::string_view path, const Settings& settings) {
  return fail("path_prefix = \"" + settings.path_prefix + "\" takes the path " + std::string(path) +
              ": the agent does not serve it");
}

int show_status_once(const StatusRequest& request, const AgentAddress& address, AgentToken& token) {
  const auto field = token.read();
  if (!field.ok()) return fail(field.fault().message);
  const SystemClocks clocks;
  Result<LoopbackAnswer> answer = ask_agent(address, kStatusPath, *field, clocks, clocks.boot_now() + kHealthTime);
  if (!answer.ok()) return fail(answer.fault().message);
  if (answer->status != 200) return fail("/status was answered with " + token.words_of(*answer));
  if (request.json) {
    answer->body.push_back('\n');
    return print(answer->body.view());
  }
  const auto table = status_table(std::move(answer->body));
  if (!table) return fail("the answer to /status is not one that this program knows");
  const bool clears = request.watch && isatty(STDOUT_FILENO) == 1;
  return print((clears ? "\x1b[H\x1b[2J" : "") + *table);
}

}  // namespace

int check_health(bool ready, const AgentAccess& access) {
  const std::string path(ready ? kReadyPath : kPingPath);
  const AgentAddress address(access);
  if (const auto problem = address.problem()) return fail(*problem);
  if (ready && !is_path_served(path, access.settings.path_prefix)) return fail_taken(path, access.settings);
  const SystemClocks clocks;
  const auto answer = ask_agent(address, path, {}, clocks, clocks.boot_now() + kHealthTime);
  if (!answer.ok()) return fail(answer.fault().message);
  if (answer->status == 200) return 0;
  if (ready && answer->status == 503) return fail("the agent is not ready yet");
  return fail(path + " was answered with " + std::to_string(answer->status));
}

int get_secret(const GetRequest& request, const AgentAccess& access) {
  const AgentAddress address(access);
  if (const auto problem = address.problem()) return fail(*problem);
  AgentToken token(access);
  Result<LoopbackAnswer> answer = ask_with_retries(request, address, token);
  if (!answer.ok()) return fail(answer.fault().message);
  if (answer->status != 200) return fail(token.words_of(*answer));
  if (request.json) return print_text(answer->body.view());

  const Result<PrintableText> secret = secret_text(std::move(answer->body), request.field);
  if (!secret.ok()) return fail(secret.fault().message);
  if (secret->surrogate_replaced)
    report("warning: the secret holds a lone surrogate, which UTF-8 cannot express; U+FFFD is printed in its place");
  return print_text(secret->bytes.view());
}

int show_status(const StatusRequest& request, const AgentAccess& access) {
  const AgentAddress address(access);
  if (const auto problem = address.problem()) return fail(*problem);
  if (!is_path_served(kStatusPath, access.settings.path_prefix)) return fail_taken(kStatusPath, access.settings);
  AgentToken token(access);
  for (;;) {
    const int code = show_status_once(request, address, token);
    if (code != 0 || !request.watch) return code;
    pause(kWatchTime);
  }
}

}  // namespace sma
