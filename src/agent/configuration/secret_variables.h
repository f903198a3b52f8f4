#pragma once

#include "agent/configuration/settings.h"
#include "base/environment.h"

namespace sma {

/// For the running agent, once it knows its settings: hides the variables that hold secrets which it reads (the SSRF
/// token, AWS keys and tokens, proxies with their passwords), and withholds the SSRF token from the programs it runs.
void protect_secret_variables(Environment& environment, const Settings& settings);

}  // namespace sma
