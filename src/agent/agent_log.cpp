#include "agent/agent_log.h"

#include <unistd.h>

namespace sma {

LogWriter open_agent_log(EventLoop& loop, const Settings& settings, bool as_version_3) {
  if (!settings.log_to_file) return LogWriter(loop, STDOUT_FILENO);
  return LogWriter(loop, kLogFolder, as_version_3 ? "secrets_manager_provider" : "secrets_manager_agent");
}

}  // namespace sma
