#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace sma {

/// Overwrites memory in a way the compiler may not remove.
void wipe(void* bytes, std::size_t size);

/// A growing byte buffer for secrets, tokens and keys. Always on the heap, never copied by accident, and overwritten
/// before its memory is given back, also when it grows. Sizes are bytes.
class WipedBytes {
 public:
  WipedBytes() = default;
  explicit WipedBytes(std::string_view text) { append(text); }
  WipedBytes(const WipedBytes&) = delete;
  WipedBytes& operator=(const WipedBytes&) = delete;
  WipedBytes(WipedBytes&& other) noexcept { swap(other); }
  WipedBytes& operator=(WipedBytes&& other) noexcept {
    WipedBytes taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~WipedBytes() { clear(); }

  /// A copy that somebody asked for in so many words.
  [[nodiscard]] WipedBytes copy() const { return WipedBytes(view()); }

  void append(std::string_view text);
  void push_back(char byte) { append(std::string_view(&byte, 1)); }
  /// Grows the buffer to hold `capacity` bytes without moving again.
  void reserve(std::size_t capacity);
  /// New bytes are zero; bytes cut off are wiped.
  void resize(std::size_t size);
  /// Wipes and frees the memory.
  void clear();

  [[nodiscard]] char* data() { return data_; }
  [[nodiscard]] const char* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::string_view view() const { return {data_, size_}; }
  [[nodiscard]] std::span<const std::uint8_t> bytes() const {
    return {reinterpret_cast<const std::uint8_t*>(data_), size_};
  }

  void swap(WipedBytes& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// True if both are equal. Takes the same time for any two texts of one length.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace sma
