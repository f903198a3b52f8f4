#pragma once

#include <string>
#include <vector>

namespace sma {

/// No core files, not traceable by others of the same user, and memory locked where the limits allow. First thing in
/// the process, before any secret is read.
void protect_memory();

/// What the process gives up once it is set up; irreversible. Landlock leaves only `writable_folders` to write in
/// (reading stays free: files are replaced by renames); seccomp kills the process at execve, ptrace and process_vm_*,
/// and answers any other call that is not on the list with EPERM. Must run before the first thread is started.
struct Sandbox {
  std::vector<std::string> writable_folders;

  /// What could not be had, for one line in the log; empty where both hold.
  [[nodiscard]] std::string install() const;
};

}  // namespace sma
