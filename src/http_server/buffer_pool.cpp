#include "http_server/buffer_pool.h"

#include <cstdlib>

namespace sma {
namespace {

char* allocate(std::size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return static_cast<char*>(memory);
}

}  // namespace

BufferPool::~BufferPool() {
  for (std::size_t i = 0; i < kept_count_; ++i) std::free(kept_[i]);
}

Buffer BufferPool::small() { return {*this, kept_count_ != 0 ? kept_[--kept_count_] : allocate(kSmall), kSmall}; }

Buffer BufferPool::large(std::size_t size) {
  if (size > budget_) return {};
  budget_ -= size;
  return {*this, allocate(size), size};
}

void BufferPool::take_back(char* data, std::size_t size) {
  if (size == kSmall && kept_count_ < kept_.size()) {
    kept_[kept_count_++] = data;
    return;
  }
  if (size != kSmall) budget_ += size;
  std::free(data);
}

}  // namespace sma
