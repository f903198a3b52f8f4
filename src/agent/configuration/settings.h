#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/files/file_settings.h"
#include "base/log.h"
#include "http_server/server.h"
#include "secrets/prefetch.h"
#include "secrets/secret_store.h"

namespace sma {

/// All that can be configured, with its defaults. Ranges are those of specification §4; `read_settings` never returns a
/// value outside of them.
struct Settings {
  LogLevel log_level = LogLevel::info;
  bool log_to_file = true;
  LogFormat log_format = LogFormat::text;

  bool enabled = true;             ///< false: say so and exit 0
  std::uint16_t http_port = 2773;  ///< 0: any free port
  std::string unix_socket{};       ///< a path; empty: none
  std::string metrics_address{};   ///< see `parse_socket_address`; empty: none
  std::string region{};            ///< empty: found in environment, profile or instance metadata
  std::string path_prefix = "/v1/";
  std::size_t max_conn = ServerLimits{}.max_connections;
  std::size_t max_roles = 20;
  bool validate_credentials = true;
  std::string credentials_file_path{};  ///< empty: the chain of sources is asked
  bool sandbox = true;
  bool post_quantum = true;  ///< TLS offers X25519MLKEM768

  std::vector<FileSettings> files{};

  SecretStoreSettings cache{};

  std::vector<std::string> ssrf_headers{"X-Aws-Parameters-Secrets-Token", "X-Vault-Token"};
  std::vector<std::string> ssrf_env_variables{"AWS_TOKEN", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"};

  PrefetchSettings prefetch{};  ///< off while both of its lists are empty

  bool acm_enabled = false;  ///< `[capabilities.acm] enabled`: asks for certificates, which are not this agent's job
};

/// The settings as a TOML file: reading it returns the same settings. Nothing in it is secret.
[[nodiscard]] std::string render_settings(const Settings& settings);

/// The same as one line at INFO, of prefetch the numbers only.
void log_settings(Log& log, const Settings& settings);

}  // namespace sma
