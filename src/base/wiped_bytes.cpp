#include "base/wiped_bytes.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/memory_lock.h"

namespace sma {

void wipe(void* bytes, std::size_t size) {
  if (size != 0) explicit_bzero(bytes, size);
}

void WipedBytes::append(std::string_view text) {
  if (text.empty()) return;
  if (text.size() > capacity_ - size_) reserve(std::max(size_ + text.size(), capacity_ * 2));
  std::memcpy(data_ + size_, text.data(), text.size());
  size_ += text.size();
}

void WipedBytes::reserve(std::size_t capacity) {
  if (capacity <= capacity_) return;
  auto* grown = static_cast<char*>(std::malloc(capacity));
  if (grown == nullptr) std::abort();
  lock_in_memory(grown, capacity);
  if (size_ != 0) std::memcpy(grown, data_, size_);
  wipe(data_, capacity_);
  std::free(data_);
  data_ = grown;
  capacity_ = capacity;
}

void WipedBytes::resize(std::size_t size) {
  if (size > size_) {
    reserve(size);
    std::memset(data_ + size_, 0, size - size_);
  } else {
    wipe(data_ + size, size_ - size);
  }
  size_ = size;
}

void WipedBytes::clear() {
  wipe(data_, capacity_);
  std::free(data_);
  data_ = nullptr;
  size_ = 0;
  capacity_ = 0;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  volatile unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference =
        static_cast<unsigned char>(difference | (static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i])));
  return difference == 0;
}

}  // namespace sma
