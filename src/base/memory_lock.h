#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace sma {

/// Keeps secrets off the swap device and out of dumps that another user's tools make, as far as the limit of locked
/// memory (RLIMIT_MEMLOCK) goes. `block` was returned by malloc and is about to hold something secret.
///
/// The whole heap is locked, page by page as it is used: this covers the buffers of curl and OpenSSL too, and resident
/// memory does not grow. It costs two system calls each time the heap has grown or shrunk, else a comparison. If the
/// limit is too low for that, the pages of single blocks are locked until it is used up; they stay locked for what
/// malloc puts there next. What cannot be locked is used unlocked, see `unlocked_memory`. Any thread may call it.
void lock_in_memory(void* block, std::size_t size);

/// The same for the process's environment variables.
void lock_environment();

/// What is to be said of memory that could not be locked.
struct UnlockedMemory {
  std::string reason;
  std::uint64_t limit = 0;   ///< RLIMIT_MEMLOCK, in bytes
  std::uint64_t needed = 0;  ///< bytes that malloc holds now
};

/// None while everything was locked. Any thread may call it.
[[nodiscard]] std::optional<UnlockedMemory> unlocked_memory();

}  // namespace sma
