#pragma once

namespace sma {

/// No core files, no tracing by other processes of the same user, and memory locked as far as the limits allow. The
/// first thing in the process, before any secret is read.
void protect_memory();

}  // namespace sma
