#pragma once

#include <array>
#include <cstddef>
#include <utility>

namespace sma {

class BufferPool;

/// Memory that a connection reads into. Returned to its pool when destroyed; the owner wipes it before.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept
      : pool_(other.pool_), data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Buffer() { give_back(); }

  [[nodiscard]] char* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }  ///< bytes; 0: no buffer
  void give_back();

 private:
  friend class BufferPool;
  Buffer(BufferPool& pool, char* data, std::size_t size) : pool_(&pool), data_(data), size_(size) {}

  BufferPool* pool_ = nullptr;
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

/// The memory that requests are read into: a small buffer for each connection that is in the middle of a request, and
/// larger ones from a budget that all connections share, so that many large heads cannot use much memory. A few small
/// buffers are kept for the next request; the last one used is reused first, because the processor's cache still has
/// it.
class BufferPool {
 public:
  static constexpr std::size_t kSmall = 4096;  ///< bytes

  explicit BufferPool(std::size_t budget) : budget_(budget) {}
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  [[nodiscard]] Buffer small();
  /// `size` bytes (over `kSmall`) out of the budget; an empty buffer if the budget is exhausted.
  [[nodiscard]] Buffer large(std::size_t size);

 private:
  friend class Buffer;
  void take_back(char* data, std::size_t size);

  std::size_t budget_;
  std::array<char*, 32> kept_{};
  std::size_t kept_count_ = 0;
};

inline void Buffer::give_back() {
  if (data_ != nullptr) pool_->take_back(std::exchange(data_, nullptr), std::exchange(size_, 0));
}

}  // namespace sma
