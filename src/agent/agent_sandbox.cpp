#include "agent/agent_sandbox.h"

#include "agent/agent_output.h"
#include "agent/files/file_setup.h"
#include "aws/profile_chain.h"
#include "aws/profile_files.h"
#include "os/shared_folder.h"

namespace sma {
namespace {

bool runs_a_program_for_credentials(const Settings& settings, const Environment& environment, const Files& files) {
  if (!settings.credentials_file_path.empty()) return false;
  const auto profile = read_profile_files(environment, files);
  if (!profile.ok()) return false;
  const auto chain = resolve_profile_chain(*profile);
  return chain.ok() && chain->base == ProfileChain::Base::credential_process;
}

}  // namespace

std::optional<Sandbox> choose_sandbox(const Settings& settings, const Environment& environment, const Files& files,
                                      Log& log) {
  if (!settings.sandbox) {
    log.info("the sandbox is switched off (sandbox = false)");
    return std::nullopt;
  }
  if (runs_a_program_for_credentials(settings, environment, files)) {
    log.warn("no sandbox: the active profile has a credential_process, which must be run");
    return std::nullopt;
  }
  Sandbox sandbox;
  if (settings.log_to_file) sandbox.writable_folders.emplace_back(kLogFolder);
  if (!settings.unix_socket.empty()) sandbox.cleared_folders.push_back(folder_of(settings.unix_socket));
  sandbox.filled_folders = folders_of(settings.files);
  return sandbox;
}

}  // namespace sma
