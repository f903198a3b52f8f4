#pragma once

#include <cstddef>

namespace sma {

/// malloc and friends that overwrite memory before it is given back, in the form C libraries take as their allocators.
/// Safe to call from any thread.
extern "C" {
void* wiping_malloc(std::size_t size);
void* wiping_calloc(std::size_t count, std::size_t size);
void* wiping_realloc(void* memory, std::size_t size);
char* wiping_strdup(const char* text);
void wiping_free(void* memory);
}

}  // namespace sma
