#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "agent/files/file_settings.h"
#include "agent/files/file_template.h"
#include "agent/files/file_writer.h"
#include "base/files.h"
#include "base/log.h"
#include "base/result.h"
#include "secrets/secret_store.h"

namespace sma {

/// One file that is to be written and to follow its secrets.
struct PlannedFile {
  FileTarget target;
  FileTemplate content;
  std::string role_arn;
  Seconds refresh{};
  std::string place;  ///< where it is configured
};

/// Reads the templates and looks at the places of the files. Makes nothing. `group`: of a file that has none of its
/// own.
///
/// Faults, which begin with the place of the file in the configuration: a template that cannot be read, or in which a
/// reference is none; a path that is a mount or a folder; a folder in which the file cannot be made.
[[nodiscard]] Result<std::vector<PlannedFile>> plan_files(const std::vector<FileSettings>& settings,
                                                          const SecretStoreSettings& cache, std::optional<gid_t> group,
                                                          const Files& files);

/// Makes the folders that are missing, with mode 0750 and the group of their first file, and removes from all what an
/// agent that was killed has left there. A folder that is not in memory is warned of. To be called before the sandbox.
/// Faults as above.
[[nodiscard]] Result<Done> prepare_folders(std::vector<PlannedFile>& files, Log& log);

/// The folders of the files, each once.
[[nodiscard]] std::vector<std::string> folders_of(const std::vector<FileSettings>& files);

}  // namespace sma
