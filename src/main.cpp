#include <curl/curl.h>
#include <malloc.h>
#include <nss.h>
#include <openssl/crypto.h>
#include <rapidjson/rapidjson.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <csignal>
#include <cstdio>
#include <span>
#include <string>

#include "agent/client/copy_to.h"
#include "agent/client/exec_command.h"
#include "agent/client/own_client.h"
#include "agent/configuration/command_line.h"
#include "agent/configuration/settings_reader.h"
#include "agent/configuration/usage.h"
#include "agent/run_agent.h"
#include "agent/start_check.h"
#include "base/environment.h"
#include "base/files.h"
#include "os/memory_protection.h"
#include "os/standard_descriptors.h"
#include "os/start_state.h"

namespace {

using sma::CommandLine;

/// The file that this process runs; empty if there is no /proc.
std::string executable() {
  std::array<char, PATH_MAX> path;
  const ssize_t size = readlink("/proc/self/exe", path.data(), path.size());
  return {path.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

/// Returns the exit code: 1 if the text could not be written.
int print(const std::string& text) {
  if (std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0) return 0;
  std::fputs("secrets-manager-agent: standard output cannot be written\n", stderr);
  return 1;
}

std::string versions() {
  return "secrets-manager-agent " SMA_VERSION " (libcurl " + std::string(curl_version_info(CURLVERSION_NOW)->version) +
         ", " + OpenSSL_version(OPENSSL_VERSION) +
         ", rapidjson " RAPIDJSON_VERSION_STRING ", inih r" SMA_INIH_VERSION ")\n";
}

int explain_certificates(const sma::Settings& settings) {
  std::fputs("certificates (ACM) are not this agent's job: it serves secrets\n", stderr);
  return settings.acm_enabled ? 1 : 0;
}

int run(const CommandLine& command_line, sma::LoadedSettings loaded, sma::Environment& environment, sma::Files& files) {
  if (!loaded.settings.enabled) {
    std::fputs("secrets-manager-agent: the configuration says enabled = false; nothing to do\n", stderr);
    return 0;
  }
  sma::forbid_core_files();
  return sma::run_agent(command_line, std::move(loaded), environment, files);
}

}  // namespace

int main(int argc, char** argv) {
  const sma::StartState start_state;
  sma::open_standard_descriptors();
  // A static glibc would load the libraries that the host's nsswitch.conf names, and crash if their version differs.
  __nss_configure_lookup("hosts", "files dns");
  mallopt(M_ARENA_MAX, 1);
  // Large answers of AWS are mapped on their own, and a heap that has grown shrinks again: glibc would raise both
  // limits after the first large answer, and keep tens of megabytes.
  mallopt(M_MMAP_THRESHOLD, 128 << 10);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
  sma::protect_memory();
  std::signal(SIGPIPE, SIG_IGN);  // writing to a closed pipe is an error like any other

  const auto command_line =
      sma::read_command_line(std::span<const char* const>(argv, static_cast<std::size_t>(argc)), executable());
  if (!command_line.ok()) {
    std::fprintf(stderr, "%s\n", command_line.fault().message.c_str());
    return 1;
  }
  if (command_line->command == CommandLine::Command::help) return print(sma::usage());
  if (command_line->command == CommandLine::Command::version) return print(versions());
  if (command_line->command == CommandLine::Command::copy_to) return sma::copy_to(command_line->copy_target);

  auto environment = sma::Environment::of_process();
  sma::SystemFiles files;
  // A client may read a file that the agent must not trust: it has other rights.
  const bool is_agent =
      command_line->command == CommandLine::Command::run || command_line->command == CommandLine::Command::check_config;
  const auto rule = is_agent ? sma::FileRule::not_planted : sma::FileRule::any;
  auto loaded = sma::load_settings(sma::configuration_file(*command_line, files), environment, files, rule);
  if (!loaded.ok()) {
    std::fprintf(stderr, "%s\n", loaded.fault().message.c_str());
    return 1;
  }
  const sma::AgentAccess access{loaded->settings, environment, files, command_line->agent_user};
  switch (command_line->command) {
    case CommandLine::Command::check_config:
      return sma::check_start(*command_line, std::move(*loaded), environment, files);
    case CommandLine::Command::health_check:
      return sma::check_health(command_line->ready, access);
    case CommandLine::Command::get:
      return sma::get_secret(command_line->get, access);
    case CommandLine::Command::status:
      return sma::show_status(command_line->status, access);
    case CommandLine::Command::exec:
      return sma::exec_command(command_line->exec, access, start_state);
    case CommandLine::Command::certificates:
      return explain_certificates(loaded->settings);
    case CommandLine::Command::help:
    case CommandLine::Command::version:
    case CommandLine::Command::copy_to:
    case CommandLine::Command::run:
      break;
  }
  return run(*command_line, std::move(*loaded), environment, files);
}
