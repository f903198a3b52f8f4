#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

namespace sma {

/// Immutable bytes with a count of holders, in one allocation; the last holder out wipes them. The cache holds one
/// reference to a secret's answer, each unsent answer another. For one thread only.
class SharedBytes {
 public:
  SharedBytes() = default;
  /// Copies `text` once.
  explicit SharedBytes(std::string_view text);
  /// `size` bytes to be filled in through `fill` before the first copy is made.
  static SharedBytes of_size(std::size_t size);
  /// Bytes that live as long as the program (string literals): no count, no wiping.
  static SharedBytes of_literal(std::string_view text);

  SharedBytes(const SharedBytes& other) noexcept;
  SharedBytes(SharedBytes&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)), view_(std::exchange(other.view_, {})) {}
  SharedBytes& operator=(SharedBytes other) noexcept {
    std::swap(block_, other.block_);
    std::swap(view_, other.view_);
    return *this;
  }
  ~SharedBytes() { release(); }

  [[nodiscard]] std::string_view view() const { return view_; }
  /// Another holder of the same bytes, which shows only this part of `view()`.
  [[nodiscard]] SharedBytes part(std::string_view part) const {
    SharedBytes narrowed(*this);
    narrowed.view_ = part;
    return narrowed;
  }
  [[nodiscard]] std::size_t size() const { return view_.size(); }
  [[nodiscard]] bool empty() const { return view_.empty(); }
  [[nodiscard]] char* fill();

 private:
  struct Block;
  void release() noexcept;

  Block* block_ = nullptr;
  std::string_view view_{};
};

}  // namespace sma
