#include "os/clone3.h"

#include <doctest/doctest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <iterator>

namespace sma {
namespace {

/// What clone3 answers in a process whose profile answers `error` to it.
int answer_under(int error) {
  const pid_t child = fork();
  if (child == 0) {
    sock_filter program[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_clone3},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    };
    const sock_fprog filter{std::size(program), program};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) _exit(255);
    hide_forbidden_clone3();
    _exit(syscall(SYS_clone3, nullptr, 0) == 0 ? 0 : errno);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_CASE("a clone3 that a profile forbids becomes one that does not exist, which glibc knows how to replace") {
  CHECK(answer_under(EPERM) == ENOSYS);
  CHECK(answer_under(ENOSYS) == ENOSYS);
}

TEST_CASE("a clone3 that is allowed stays, and no filter is installed") {
  const pid_t child = fork();
  if (child == 0) {
    hide_forbidden_clone3();
    _exit(prctl(PR_GET_SECCOMP) + 10 * prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  }
  const int before = prctl(PR_GET_SECCOMP) + 10 * prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == before);
}

}  // namespace
}  // namespace sma
