#include "agent/configuration/secret_variables.h"

#include <string>
#include <vector>

#include "agent/configuration/ssrf_token.h"

namespace sma {

void protect_secret_variables(Environment& environment, const Settings& settings) {
  std::vector<std::string> names{"AWS_ACCESS_KEY_ID",
                                 "AWS_SECRET_ACCESS_KEY",
                                 "SECRET_ACCESS_KEY",
                                 "AWS_SESSION_TOKEN",
                                 "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                 "http_proxy",
                                 "HTTP_PROXY",
                                 "https_proxy",
                                 "HTTPS_PROXY",
                                 "all_proxy",
                                 "ALL_PROXY"};
  names.insert(names.end(), settings.ssrf_env_variables.begin(), settings.ssrf_env_variables.end());
  environment.hide(names);

  // These two are credentials as well: a program that asks AWS needs them.
  const auto token = ssrf_token_variable(settings.ssrf_env_variables, environment);
  if (token && *token != "AWS_SESSION_TOKEN" && *token != "AWS_CONTAINER_AUTHORIZATION_TOKEN")
    environment.withhold(*token);
}

}  // namespace sma
