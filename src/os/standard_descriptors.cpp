#include "os/standard_descriptors.h"

#include <fcntl.h>
#include <unistd.h>

namespace sma {

void open_standard_descriptors() {
  int opened = -1;
  do {
    opened = ::open("/dev/null", O_RDONLY);
  } while (opened >= 0 && opened <= STDERR_FILENO);
  if (opened >= 0) ::close(opened);
}

}  // namespace sma
