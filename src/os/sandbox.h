#pragma once

#include <string>
#include <vector>

namespace sma {

/// What the process gives up once it is set up; irreversible. Landlock leaves only `writable_folders` to write in
/// (reading stays free: files are replaced by renames); seccomp kills the process at execve, ptrace and process_vm_*,
/// and answers any other call that is not on the list with EPERM, and opening with O_TRUNC with EACCES, so that no file
/// can be emptied on any kernel. Must run before the first thread is started.
struct Sandbox {
  std::vector<std::string> writable_folders;

  /// What could not be had, for one line in the log; empty where both hold.
  [[nodiscard]] std::string install() const;
};

}  // namespace sma
