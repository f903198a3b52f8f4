#pragma once

#include <span>
#include <string_view>

namespace sma {

/// The word of `words` that the person who typed `typed` most likely meant. If several are equally near, the first of
/// them; empty if there are no words. Case does not matter. Letters that were left out count least, because a word is
/// more often cut short than made longer.
///
/// It compares the first 64 bytes of each.
[[nodiscard]] std::string_view nearest_word(std::string_view typed, std::span<const std::string_view> words);

}  // namespace sma
