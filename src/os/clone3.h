#pragma once

namespace sma {

/// Seccomp profiles that are older than clone3(2) (Linux 5.3) may answer it with EPERM. glibc falls back to clone(2)
/// only after ENOSYS; otherwise it can neither start threads nor programs. If the profile is such a one, this makes the
/// answer ENOSYS, for good. Must run before the first thread is started.
void hide_forbidden_clone3();

}  // namespace sma
