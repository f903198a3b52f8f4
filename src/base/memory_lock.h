#pragma once

#include <cstddef>

namespace sma {

/// Keeps secrets off the swap device and out of dumps that another user's tools make, as far as the limit of locked
/// memory (RLIMIT_MEMLOCK) goes. `block` is memory that malloc gave and that is about to hold something secret.
///
/// The whole heap is locked, as pages are touched: so are the buffers of curl and OpenSSL, and resident memory does not
/// grow by it. Costs two system calls each time the heap has grown or shrunk, and a comparison otherwise. Where the
/// limit is too low for that, the pages of single blocks are locked until it is used up; they stay locked, for what
/// malloc puts there next. What cannot be locked is used unlocked. Any thread may call it.
void lock_in_memory(void* block, std::size_t size);

/// The same for the process's environment variables.
void lock_environment();

}  // namespace sma
