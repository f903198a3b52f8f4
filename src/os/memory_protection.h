#pragma once

namespace sma {

/// No core files, no tracing by other processes of the same user, and memory locked as far as the limits allow.
/// Must be called before any secret is read. Only the soft limit of core files is lowered, so that a
/// program started by exec can have core files.
void protect_memory();

/// No core files, irrevocably: for the running agent.
void forbid_core_files();

}  // namespace sma
