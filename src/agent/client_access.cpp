#include "agent/client_access.h"

#include <utility>

#include "base/random.h"

namespace sma {

Result<ClientAccess> open_client_access(const CommandLine& command_line, const Settings& settings,
                                        const Environment& environment, const Files& files, Log& log) {
  if (command_line.create_token) {
    SystemRandom random;
    const auto created = create_ssrf_token(settings.ssrf_env_variables, environment, random, command_line.token_group);
    if (!created.ok()) return created.fault();
  }
  auto token = find_ssrf_token(settings.ssrf_env_variables, environment, files,
                               command_line.create_token ? FileRule::own : FileRule::not_planted);
  if (!token.ok()) return token.fault();
  for (const std::string& warning : token->warnings) log.warn(warning);
  for (const std::string& remark : token->remarks) log.info(remark);
  auto listening = listen_on_loopback(settings.http_port);
  if (!listening.ok()) return listening.fault();
  return ClientAccess{std::move(token->value), std::move(token->file), std::move(*listening)};
}

}  // namespace sma
