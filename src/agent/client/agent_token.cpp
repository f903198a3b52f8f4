#include "agent/client/agent_token.h"

#include <cstdio>
#include <utility>

namespace sma {

Result<TokenField> AgentToken::read() {
  if (!access_.settings.unix_socket.empty()) return TokenField{};
  auto token = find_ssrf_token(access_.settings.ssrf_env_variables, access_.environment, access_.files);
  if (!token.ok()) return token.fault();
  token_ = std::move(*token);
  if (!std::exchange(has_warned_, true)) {
    for (const std::string& warning : token_.warnings)
      std::fprintf(stderr, "secrets-manager-agent: warning: %s\n", warning.c_str());
  }
  return TokenField{access_.settings.ssrf_headers.front(), token_.value.view()};
}

std::string AgentToken::words_of(const LoopbackAnswer& answer) const {
  std::string words = std::to_string(answer.status) + ' ' + std::string(answer.body.view());
  // AWS's refusals, which are JSON, are about something else.
  if (answer.status == 403 && !words.ends_with('}') && !token_.origin.empty())
    words += " (the token came from " + token_.origin + ')';
  return words;
}

}  // namespace sma
