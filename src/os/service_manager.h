#pragma once

#include <string_view>

#include "base/environment.h"

namespace sma {

/// Tells the service manager that started us, through `NOTIFY_SOCKET`, how we are: `READY=1`, `STOPPING=1`. Does
/// nothing if there is none. Source: sd_notify(3).
void notify_service_manager(const Environment& environment, std::string_view state);

}  // namespace sma
