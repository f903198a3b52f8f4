#include "base/utf8.h"

namespace sma {

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0U) == 0x80U; };
  if (text.empty()) return 0;
  if (byte(0) < 0x80) return 1;
  if (byte(0) >= 0xC2 && byte(0) <= 0xDF) return follows(1) ? 2 : 0;
  if (byte(0) >= 0xE0 && byte(0) <= 0xEF) {
    if (!follows(1) || !follows(2)) return 0;
    if (byte(0) == 0xE0 && byte(1) < 0xA0) return 0;  // could be shorter
    if (byte(0) == 0xED && byte(1) > 0x9F) return 0;  // a surrogate
    return 3;
  }
  if (byte(0) >= 0xF0 && byte(0) <= 0xF4) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    if (byte(0) == 0xF0 && byte(1) < 0x90) return 0;  // could be shorter
    if (byte(0) == 0xF4 && byte(1) > 0x8F) return 0;  // above U+10FFFF
    return 4;
  }
  return 0;
}

bool starts_with_surrogate(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  return text.size() >= 3 && byte(0) == 0xED && byte(1) >= 0xA0 && byte(1) <= 0xBF && (byte(2) & 0xC0U) == 0x80U;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    // Most bytes of most texts.
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = utf8_length(text.substr(i));
    if (length == 0) return false;
    i += length;
  }
  return true;
}

std::string_view utf8_prefix(std::string_view text, std::size_t size) {
  if (text.size() <= size) return text;
  // A sequence has at most 4 bytes: one that reaches over the end begins in the 3 before it.
  for (std::size_t back = 1; back <= 3 && back <= size; ++back)
    if (utf8_length(text.substr(size - back)) > back) return text.substr(0, size - back);
  return text.substr(0, size);
}

bool replace_surrogates(std::span<char> text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  bool replaced = false;
  for (std::size_t i = 0; i + kReplacement.size() <= text.size(); ++i) {
    if (!starts_with_surrogate({text.data() + i, text.size() - i})) continue;
    kReplacement.copy(text.data() + i, kReplacement.size());
    replaced = true;
  }
  return replaced;
}

}  // namespace sma
