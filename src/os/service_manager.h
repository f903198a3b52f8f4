#pragma once

#include <string_view>

#include "base/environment.h"
#include "base/file_descriptor.h"

namespace sma {

/// The service manager that started this process, if it set `NOTIFY_SOCKET`. Source: sd_notify(3).
class ServiceManager {
 public:
  /// Connects. Must be called before the sandbox, which forbids abstract sockets of other processes.
  explicit ServiceManager(const Environment& environment);

  /// Sends the state of the service: `READY=1`, `STOPPING=1`. Does nothing if there is no service manager.
  void notify(std::string_view state) const;

 private:
  FileDescriptor socket_;
};

}  // namespace sma
