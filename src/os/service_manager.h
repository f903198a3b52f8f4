#pragma once

#include <string_view>

#include "base/environment.h"
#include "base/file_descriptor.h"

namespace sma {

/// The service manager that started us, if it gave us a `NOTIFY_SOCKET`. Source: sd_notify(3).
class ServiceManager {
 public:
  /// Connects. To be made before the sandbox: it forbids to reach abstract sockets of other processes.
  explicit ServiceManager(const Environment& environment);

  /// Tells how we are: `READY=1`, `STOPPING=1`. Does nothing if nobody is there.
  void notify(std::string_view state) const;

 private:
  FileDescriptor socket_;
};

}  // namespace sma
