#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace sma {

/// Restricts the process after it is set up. It cannot be undone. Must run before the first thread is started.
///
/// Landlock leaves only `writable_folders` to write in (reading stays free: files are replaced by renames), and of all
/// others only `filled_folders` to make, write and remove regular files in, and `cleared_folders` to remove files from.
/// As of Linux 6.7 it also forbids to bind TCP ports, as of 6.12 to reach abstract sockets and to signal other
/// processes. Which ports may be connected to is not limited: Landlock knows no addresses, and endpoints and proxies
/// may have any port.
///
/// Seccomp kills the process at execve, ptrace and process_vm_*, and answers any other call that is not on the list
/// with EPERM, and opening with O_TRUNC with EACCES, so that no file can be emptied on any kernel. Of socket, ioctl and
/// prctl it allows what the agent needs.
struct Sandbox {
  std::vector<std::string> writable_folders{};
  std::vector<std::string> cleared_folders{};
  std::vector<std::string> filled_folders{};  ///< if there are any, files may be given a mode and a group

  /// A fault names each of the two that this kernel does not have, for the log; the other one is in force.
  [[nodiscard]] Result<Done> install() const;
};

}  // namespace sma
