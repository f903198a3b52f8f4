#include "base/shared_bytes.h"

#include <cstdlib>
#include <cstring>

#include "base/memory_lock.h"
#include "base/wiped_bytes.h"

namespace sma {

struct SharedBytes::Block {
  std::size_t holders;
  std::size_t size;
  char* bytes() { return reinterpret_cast<char*>(this + 1); }
};

SharedBytes::SharedBytes(std::string_view text) : SharedBytes(of_size(text.size())) {
  if (!text.empty()) std::memcpy(fill(), text.data(), text.size());
}

SharedBytes SharedBytes::of_size(std::size_t size) {
  SharedBytes made;
  auto* block = static_cast<Block*>(std::malloc(sizeof(Block) + size));
  if (block == nullptr) std::abort();
  lock_in_memory(block, sizeof(Block) + size);
  block->holders = 1;
  block->size = size;
  made.block_ = block;
  made.view_ = {block->bytes(), size};
  return made;
}

SharedBytes SharedBytes::of_literal(std::string_view text) {
  SharedBytes made;
  made.view_ = text;
  return made;
}

SharedBytes::SharedBytes(const SharedBytes& other) noexcept : block_(other.block_), view_(other.view_) {
  if (block_ != nullptr) ++block_->holders;
}

char* SharedBytes::fill() { return block_ == nullptr ? nullptr : block_->bytes(); }

void SharedBytes::release() noexcept {
  if (block_ == nullptr || --block_->holders != 0) return;
  wipe(block_->bytes(), block_->size);
  std::free(block_);
}

}  // namespace sma
