#include "agent/client_access.h"

#include <utility>

#include "base/random.h"

namespace sma {
namespace {

Result<SsrfToken> make_or_find_token(const CommandLine& command_line, const Settings& settings,
                                     const Environment& environment, const Files& files) {
  if (command_line.create_token) {
    SystemRandom random;
    const auto created = create_ssrf_token(settings.ssrf_env_variables, environment, random, command_line.token_group);
    if (!created.ok()) return created.fault();
  }
  return find_ssrf_token(settings.ssrf_env_variables, environment, files,
                         command_line.create_token ? FileRule::own : FileRule::not_planted);
}

Result<UnixListener> open_unix_socket(const std::string& path, std::optional<gid_t> group, Log& log) {
  if (path.empty()) return UnixListener{};
  auto local = listen_on_unix(path, group);
  if (local.ok() && local->in_open_folder) log.info(open_folder_remark(path));
  return local;
}

Result<ListeningSocket> open_metrics_socket(const std::string& address) {
  // The settings hold none that cannot be read.
  const auto at = parse_socket_address(address);
  if (!at) return ListeningSocket{};
  auto listening = listen_on_address(*at);
  if (!listening.ok()) listening.fault().message += " (metrics_address)";
  return listening;
}

}  // namespace

bool needs_token(const CommandLine& command_line, const Settings& settings, const Environment& environment) {
  return settings.unix_socket.empty() || command_line.create_token ||
         ssrf_token_variable(settings.ssrf_env_variables, environment).has_value();
}

Result<Done> check_use_of_group(const CommandLine& command_line, const Settings& settings) {
  if (command_line.token_group && !command_line.create_token && settings.unix_socket.empty() && settings.files.empty())
    return Fault::internal("--token-group needs --create-token, unix_socket or files");
  return Done{};
}

Result<ClientAccess> open_client_access(const CommandLine& command_line, const Settings& settings,
                                        const Environment& environment, const Files& files, Log& log) {
  const Result<Done> group_is_used = check_use_of_group(command_line, settings);
  if (!group_is_used.ok()) return group_is_used.fault();
  ClientAccess access;
  if (!needs_token(command_line, settings, environment)) {
    log.info("no SSRF token is configured: TCP is not opened, and clients reach the agent by the Unix socket only");
  } else {
    auto token = make_or_find_token(command_line, settings, environment, files);
    if (!token.ok()) return token.fault();
    for (const std::string& warning : token->warnings) log.warn(warning);
    for (const std::string& remark : token->remarks) log.info(remark);
    auto listening = listen_on_loopback(settings.http_port);
    if (!listening.ok()) return listening.fault();
    access = {std::move(token->value), std::move(token->file), std::move(*listening), {}, {}};
  }
  auto local = open_unix_socket(settings.unix_socket, command_line.token_group, log);
  if (!local.ok()) return local.fault();
  access.local = std::move(*local);
  auto metrics = open_metrics_socket(settings.metrics_address);
  if (!metrics.ok()) return metrics.fault();
  access.metrics = std::move(*metrics);
  return access;
}

}  // namespace sma
