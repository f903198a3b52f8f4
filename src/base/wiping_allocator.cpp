#include "base/wiping_allocator.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/wiped_bytes.h"

namespace sma {

extern "C" {

void* wiping_malloc(std::size_t size) { return std::malloc(size); }

void* wiping_calloc(std::size_t count, std::size_t size) { return std::calloc(count, size); }

// Never realloc(3): it may move the bytes and leave a copy of them.
void* wiping_realloc(void* memory, std::size_t size) {
  if (memory == nullptr) return std::malloc(size);
  if (size == 0) {
    wiping_free(memory);
    return nullptr;
  }
  const std::size_t held = malloc_usable_size(memory);
  if (size <= held && size >= held / 2) return memory;
  void* moved = std::malloc(size);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, memory, std::min(size, held));
  wiping_free(memory);
  return moved;
}

char* wiping_strdup(const char* text) {
  const std::size_t size = std::strlen(text) + 1;
  void* copy = std::malloc(size);
  if (copy != nullptr) std::memcpy(copy, text, size);
  return static_cast<char*>(copy);
}

void wiping_free(void* memory) {
  if (memory == nullptr) return;
  wipe(memory, malloc_usable_size(memory));
  std::free(memory);
}

}  // extern "C"

}  // namespace sma
