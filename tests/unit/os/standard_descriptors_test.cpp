#include "os/standard_descriptors.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <initializer_list>

namespace sma {
namespace {

/// What a process exits with that was started without these descriptors: 0 if /dev/null has taken their places for
/// reading only.
int started_without(std::initializer_list<int> closed) {
  const pid_t child = fork();
  if (child == 0) {
    for (const int descriptor : closed) close(descriptor);
    open_standard_descriptors();
    for (const int descriptor : closed)
      if ((fcntl(descriptor, F_GETFL) & O_ACCMODE) != O_RDONLY || write(descriptor, "x", 1) != -1) _exit(1);
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor)
      if (fcntl(descriptor, F_GETFD) < 0) _exit(2);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_CASE("/dev/null takes the place of standard descriptors that are closed, for reading only") {
  CHECK(started_without({STDIN_FILENO}) == 0);
  CHECK(started_without({STDOUT_FILENO, STDERR_FILENO}) == 0);
  CHECK(started_without({STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) == 0);
  CHECK(started_without({}) == 0);
}

}  // namespace
}  // namespace sma
