#include <curl/curl.h>
#include <malloc.h>
#include <nss.h>
#include <openssl/crypto.h>

#include <cstdio>
#include <span>

#include "agent/command_line.h"
#include "agent/own_client.h"
#include "agent/run_agent.h"
#include "agent/sandbox.h"
#include "agent/settings_reader.h"
#include "base/environment.h"

namespace {

using sma::CommandLine;

int print_versions() {
  const curl_version_info_data* curl = curl_version_info(CURLVERSION_NOW);
  std::printf("secrets-manager-agent %s (libcurl %s, %s, rapidjson 1.1.0, inih r61)\n", SMA_VERSION, curl->version,
              OpenSSL_version(OPENSSL_VERSION));
  return 0;
}

int explain_certificates(const sma::Settings& settings) {
  std::fputs("certificates (ACM) are not this agent's job: it serves secrets\n", stderr);
  return settings.acm_enabled ? 1 : 0;
}

int run(const CommandLine& command_line, sma::LoadedSettings loaded, const sma::Environment& environment,
        const sma::Files& files) {
  if (!loaded.settings.enabled) {
    std::puts("secrets-manager-agent: the configuration says enabled = false; nothing to do");
    return 0;
  }
  return sma::run_agent(command_line, std::move(loaded), environment, files);
}

}  // namespace

int main(int argc, char** argv) {
  // A static glibc would load the host's own libraries for what its nsswitch.conf names, and die of the difference.
  __nss_configure_lookup("hosts", "files dns");
  mallopt(M_ARENA_MAX, 1);
  sma::protect_memory();

  const auto command_line = sma::read_command_line(std::span<const char* const>(argv, static_cast<std::size_t>(argc)));
  if (!command_line.ok()) {
    std::fprintf(stderr, "%s\n", command_line.fault().message.c_str());
    return 1;
  }
  if (command_line->command == CommandLine::Command::help) {
    std::fputs(sma::usage().c_str(), stdout);
    return 0;
  }
  if (command_line->command == CommandLine::Command::version) return print_versions();

  const auto environment = sma::Environment::of_process();
  const sma::SystemFiles files;
  auto loaded = sma::load_settings(sma::configuration_file(*command_line, files), environment, files);
  if (!loaded.ok()) {
    std::fprintf(stderr, "%s\n", loaded.fault().message.c_str());
    return 1;
  }
  switch (command_line->command) {
    case CommandLine::Command::check_config:
      for (const std::string& warning : loaded->warnings) std::fprintf(stderr, "%s\n", warning.c_str());
      std::fputs(sma::render_settings(loaded->settings).c_str(), stdout);
      return 0;
    case CommandLine::Command::health_check:
      return sma::check_health(loaded->settings);
    case CommandLine::Command::get:
      return sma::get_secret(command_line->get, loaded->settings, environment, files);
    case CommandLine::Command::certificates:
      return explain_certificates(loaded->settings);
    case CommandLine::Command::help:
    case CommandLine::Command::version:
    case CommandLine::Command::run:
      break;
  }
  return run(*command_line, std::move(*loaded), environment, files);
}
