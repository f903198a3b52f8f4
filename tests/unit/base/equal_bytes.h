#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "base/random.h"

namespace sma {

/// Random numbers of which each byte is the same: 0 makes `part_of` return nothing, 0x80 about a half, 0xFF nearly all.
struct EqualBytes final : Random {
  explicit EqualBytes(std::uint8_t each) : value(each) {}
  void fill(std::span<std::uint8_t> bytes) override { std::ranges::fill(bytes, value); }
  std::uint8_t value;
};

}  // namespace sma
